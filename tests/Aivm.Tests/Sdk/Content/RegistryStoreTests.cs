using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Content;

/// <summary>Against a real registry, alone in the process: one test counts what is allocated.</summary>
[CollectionDefinition(nameof(RegistryStoreTests), DisableParallelization = true)]
[Collection(nameof(RegistryStoreTests))]
public sealed class RegistryStoreTests : IDisposable
{
    private readonly ContentFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(2_500_001)]
    public async Task What_is_pushed_is_pulled_by_its_digest(int size)
    {
        using var registry = await DebianRegistry.StartAsync(_cancellation);
        using var store = new RegistryStore(registry.Location, new RegistryOptions { ChunkBytes = 1 << 20 });
        var bytes = ContentFolder.Bytes(1, size);
        Assert.False(await store.ContainsAsync(ContentDigest.Of(bytes), _cancellation));
        var added = await store.AddAsync(_folder.Write("model", bytes), cancellation: _cancellation);
        Assert.Equal(new ContentDescriptor(ContentDigest.Of(bytes), size), added);
        Assert.True(await store.ContainsAsync(added.Digest, _cancellation));
        Assert.Equal(added, await store.AddAsync(_folder.At("model"), cancellation: _cancellation));

        await store.FetchAsync(added.Digest, _folder.At("copy"), size, cancellation: _cancellation);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        http.DefaultRequestHeaders.Accept.ParseAdd("application/vnd.oci.image.manifest.v1+json");
        var manifest = await http.GetStringAsync(new Uri(registry.Location.Registry, $"/v2/{registry.Location.Name}/manifests/sha256-{added.Digest.Hex}"), _cancellation);
        Assert.Contains(added.Digest.ToString(), manifest, StringComparison.Ordinal);
    }

    /// <summary>This registry gives an upload up when a chunk's answer is lost, and goes on when the chunk is.</summary>
    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 8)]
    public async Task A_push_that_is_cut_off_goes_on_where_the_registry_can(bool losesAnswer, int chunks)
    {
        const int Chunk = 1 << 20;
        using var registry = await DebianRegistry.StartAsync(_cancellation);
        var bytes = ContentFolder.Bytes(2, 5 * Chunk);
        using var line = new CutLine(patch: 3, losesAnswer);
        using var store = new RegistryStore(registry.Location, new RegistryOptions { ChunkBytes = Chunk, RetryDelay = TimeSpan.Zero }, line);
        var added = await store.AddAsync(_folder.Write("model", bytes), cancellation: _cancellation);
        Assert.Equal(chunks * Chunk, line.BytesArrived);
        await store.FetchAsync(added.Digest, _folder.At("copy"), bytes.Length, cancellation: _cancellation);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
    }

    [Fact]
    public async Task A_pull_goes_on_from_the_part_that_is_there()
    {
        using var registry = await DebianRegistry.StartAsync(_cancellation);
        using var store = new RegistryStore(registry.Location);
        var bytes = ContentFolder.Bytes(3, 3 << 20);
        var digest = (await store.AddAsync(_folder.Write("model", bytes), cancellation: _cancellation)).Digest;
        foreach (var there in (int[])[1, 1 << 20, bytes.Length])
        {
            await File.WriteAllBytesAsync(_folder.PartOf(digest), bytes[..there], _cancellation);
            var first = long.MaxValue;
            await store.FetchAsync(digest, _folder.At("copy"), bytes.Length, new Reports(length => first = Math.Min(first, length)), _cancellation);
            Assert.True(first > there);
            Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
        }
    }

    [Fact]
    public async Task A_large_file_is_never_in_memory()
    {
        const long Size = 300L << 20;
        using var registry = await DebianRegistry.StartAsync(_cancellation);
        using var store = new RegistryStore(registry.Location);
        await using (var file = new FileStream(_folder.At("model"), FileMode.CreateNew))
            file.SetLength(Size);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var digest = (await store.AddAsync(_folder.At("model"), cancellation: _cancellation)).Digest;
        await store.FetchAsync(digest, _folder.At("copy"), Size, cancellation: _cancellation);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, Size / 4);
        Assert.Equal(Size, new FileInfo(_folder.At("copy")).Length);
    }

    [Fact]
    public async Task A_password_opens_and_without_it_one_is_denied()
    {
        using var registry = await DebianRegistry.StartAsync(_cancellation, asksForPassword: true);
        using var anybody = new RegistryStore(registry.Location);
        var error = await Assert.ThrowsAsync<AivmException>(() => anybody.AddAsync(_folder.Write("model", [1, 2, 3]), cancellation: _cancellation));
        Assert.Equal("registry-denied", error.Error.Code);
        using var wrong = new RegistryStore(registry.Location, new RegistryOptions { Credentials = new(DebianRegistry.User, "wrong") });
        error = await Assert.ThrowsAsync<AivmException>(() => wrong.ContainsAsync(ContentDigest.Of([1]), _cancellation));
        Assert.Equal("registry-denied", error.Error.Code);
        Assert.DoesNotContain("wrong", error.ToString(), StringComparison.Ordinal);

        using var anna = new RegistryStore(registry.Location, new RegistryOptions { Credentials = new(DebianRegistry.User, DebianRegistry.Password) });
        var added = await anna.AddAsync(_folder.At("model"), cancellation: _cancellation);
        await anna.FetchAsync(added.Digest, _folder.At("copy"), 3, cancellation: _cancellation);
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_named()
    {
        using var store = new RegistryStore(RegistryLocation.Parse("http://127.0.0.1:9/models"), StubRegistry.Hasty with { Attempts = 2 });
        var error = await Assert.ThrowsAsync<AivmException>(() => store.ContainsAsync(ContentDigest.Of([1]), _cancellation));
        Assert.Equal("registry-unreachable", error.Error.Code);
        Assert.Equal(Failure.Environment, error.Failure);
    }

    private sealed class Reports(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }

    /// <summary>Loses one chunk, or the answer to it.</summary>
    private sealed class CutLine(int patch, bool losesAnswer) : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
    {
        private int _patches;

        public long BytesArrived { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // The manifest's empty configuration is two bytes.
            var isChunk = request.Method == HttpMethod.Patch && request.Content!.Headers.ContentLength > 2;
            var isCut = isChunk && ++_patches == patch;
            if (isCut && !losesAnswer)
                throw new HttpRequestException("the line was cut");
            BytesArrived += isChunk ? request.Content!.Headers.ContentLength!.Value : 0;
            var response = await base.SendAsync(request, cancellationToken);
            if (!isCut)
                return response;
            response.Dispose();
            throw new HttpRequestException("the line was cut");
        }
    }
}
