using System.Net;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Content;

/// <summary>Registries that lie, cut off, stall and send one astray: refused by name, nothing half there, no secret given away.</summary>
public sealed class HostileRegistryTests : IDisposable
{
    private const int Size = 3_000_000;

    private static readonly byte[] Content = ContentFolder.Bytes(5, Size);
    private static readonly ContentDigest Digest = ContentDigest.Of(Content);

    private readonly ContentFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Other_bytes_than_the_digests_are_refused_and_not_kept()
    {
        var other = Content.ToArray();
        other[^1] ^= 1;
        await AssertFailsAsync("content-mismatch", new StubRegistry(request => StubRegistry.Serve(request, other)));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_body_that_ends_early_and_says_that_it_is_whole_is_refused() =>
        await AssertFailsAsync("content-mismatch", new StubRegistry(_ => StubRegistry.Bytes(HttpStatusCode.OK, Content.AsSpan(0, Size / 2))));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task More_than_is_allowed_is_not_taken(bool isAnnounced)
    {
        var registry = new StubRegistry(_ => isAnnounced
            ? StubRegistry.Bytes(HttpStatusCode.OK, Content)
            : new(HttpStatusCode.OK) { Content = new StreamContent(new BrokenBody(Content, isSilent: false)) });
        await AssertFailsAsync("content-too-large", registry, maxSize: Size - 1);
    }

    [Fact]
    public async Task A_transfer_that_is_cut_off_goes_on_where_it_was()
    {
        var registry = new StubRegistry(request => Broken(request, isSilent: false, each: 1_100_000));
        using var store = registry.Store();
        await store.FetchAsync(Digest, _folder.At("copy"), Size, cancellation: _cancellation);
        Assert.Equal(Content, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
        Assert.Equal([null, 1_100_000, 2_200_000], registry.Requests.Select(request => request.From));
    }

    [Fact]
    public async Task A_later_run_goes_on_where_an_earlier_one_gave_up()
    {
        var isBroken = true;
        var registry = new StubRegistry(request => isBroken && request.Headers.Range is not null
            ? StubRegistry.Bytes(HttpStatusCode.ServiceUnavailable, [])
            : isBroken ? Broken(request, isSilent: false, each: 1000) : StubRegistry.Serve(request, Content));
        await AssertFailsAsync("registry-unreachable", registry);
        Assert.Equal(1000, new FileInfo(_folder.PartOf(Digest)).Length);

        isBroken = false;
        registry.Requests.Clear();
        using var store = registry.Store();
        await store.FetchAsync(Digest, _folder.At("copy"), Size, cancellation: _cancellation);
        Assert.Equal(Content, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
        Assert.Equal([1000], registry.Requests.Select(request => request.From));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_registry_that_knows_no_ranges_starts_over()
    {
        await File.WriteAllBytesAsync(_folder.PartOf(Digest), [9, 9, 9], _cancellation);
        using var store = new StubRegistry(_ => StubRegistry.Bytes(HttpStatusCode.OK, Content)).Store();
        await store.FetchAsync(Digest, _folder.At("copy"), Size, cancellation: _cancellation);
        Assert.Equal(Content, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
    }

    [Fact]
    public async Task A_part_of_something_else_is_dropped_and_the_next_attempt_is_whole()
    {
        await File.WriteAllBytesAsync(_folder.PartOf(Digest), [9, 9, 9], _cancellation);
        var registry = new StubRegistry(request => StubRegistry.Serve(request, Content));
        await AssertFailsAsync("content-mismatch", registry);
        using var store = registry.Store();
        await store.FetchAsync(Digest, _folder.At("copy"), Size, cancellation: _cancellation);
    }

    [Fact]
    public async Task A_registry_that_falls_silent_is_given_up()
    {
        var registry = new StubRegistry(request => Broken(request, isSilent: true, each: 1000));
        await AssertFailsAsync("registry-unreachable", registry, options: StubRegistry.Hasty with { Attempts = 2 });
        Assert.Equal([null, 1000], registry.Requests.Select(request => request.From));
    }

    [Fact]
    public async Task Redirections_without_end_are_not_followed()
    {
        var registry = new StubRegistry(request => Moved(new Uri(request.RequestUri!, $"/{request.RequestUri!.AbsolutePath.Length}/x")));
        await AssertFailsAsync("registry-answer-invalid", registry);
        Assert.Equal(4, registry.Requests.Count);
    }

    [Fact]
    public async Task Nobody_is_sent_from_https_to_http() =>
        await AssertFailsAsync("registry-answer-invalid", new StubRegistry(_ => Moved(new Uri("http://elsewhere.example/x"))));

    [Fact]
    public async Task The_password_is_for_the_registry_alone()
    {
        var registry = new StubRegistry(request => request.RequestUri!.Host == "elsewhere.example"
            ? StubRegistry.Serve(request, Content)
            : request.Headers.Authorization is null ? Unauthorised("Basic realm=\"x\"") : Moved(new Uri("https://elsewhere.example/x")));
        using var store = registry.Store(StubRegistry.Hasty with { Credentials = new RegistryCredentials("anna", "secret") });
        await store.FetchAsync(Digest, _folder.At("copy"), Size, cancellation: _cancellation);
        Assert.Equal([null, "Basic YW5uYTpzZWNyZXQ=", null], registry.Requests.Select(request => request.Authorization));
    }

    [Fact]
    public async Task A_token_is_fetched_where_the_registry_says_and_used_there_alone()
    {
        var registry = new StubRegistry(request => request.RequestUri!.Host == "tokens.example"
            ? new(HttpStatusCode.OK) { Content = new StringContent("""{"token":"t0"}""") }
            : request.Headers.Authorization is null
                ? Unauthorised("""Bearer realm="https://tokens.example/t",service="reg",scope="repository:models:pull" """)
                : StubRegistry.Serve(request, Content));
        using var store = registry.Store();
        await store.FetchAsync(Digest, _folder.At("copy"), Size, cancellation: _cancellation);
        Assert.Equal("https://tokens.example/t?service=reg&scope=repository%3Amodels%3Apull", registry.Requests[1].Url.AbsoluteUri);
        Assert.Equal([null, null, "Bearer t0"], registry.Requests.Select(request => request.Authorization));
    }

    [Theory]
    [InlineData("http://tokens.example/t")]
    [InlineData("file:///etc/passwd")]
    [InlineData("tokens")]
    public async Task Passwords_are_not_sent_to_unsafe_addresses_for_tokens(string realm)
    {
        var registry = new StubRegistry(_ => Unauthorised($"Bearer realm=\"{realm}\""));
        await AssertFailsAsync("registry-answer-invalid", registry, options: StubRegistry.Hasty with { Credentials = new RegistryCredentials("anna", "secret") });
        Assert.Single(registry.Requests);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "registry-denied")]
    [InlineData(HttpStatusCode.Forbidden, "registry-denied")]
    [InlineData(HttpStatusCode.NotFound, "content-missing")]
    [InlineData(HttpStatusCode.InternalServerError, "registry-unreachable")]
    [InlineData(HttpStatusCode.TooManyRequests, "registry-unreachable")]
    [InlineData(HttpStatusCode.NoContent, "registry-answer-invalid")]
    [InlineData(HttpStatusCode.PartialContent, "registry-answer-invalid")]
    public async Task Every_other_answer_has_a_name(HttpStatusCode status, string code) =>
        await AssertFailsAsync(code, new StubRegistry(_ => StubRegistry.Bytes(status, [])));

    [Fact]
    public async Task An_upload_is_not_sent_to_another_address()
    {
        var registry = new StubRegistry(request => request.Method == HttpMethod.Post
            ? new(HttpStatusCode.Accepted) { Headers = { Location = new Uri("https://elsewhere.example/upload") } }
            : new(HttpStatusCode.NotFound));
        using var store = registry.Store();
        var error = await Assert.ThrowsAsync<AivmException>(() => store.AddAsync(_folder.Write("model", Content), cancellation: _cancellation));
        Assert.Equal("registry-answer-invalid", error.Error.Code);
        Assert.All(registry.Requests, request => Assert.Equal("registry.example", request.Url.Host));
    }

    [Fact]
    public async Task A_registry_that_has_the_digest_with_another_length_is_refused()
    {
        using var store = new StubRegistry(_ => StubRegistry.Bytes(HttpStatusCode.OK, [1])).Store();
        var error = await Assert.ThrowsAsync<AivmException>(() => store.AddAsync(_folder.Write("model", Content), cancellation: _cancellation));
        Assert.Equal("registry-answer-invalid", error.Error.Code);
    }

    private async Task AssertFailsAsync(string code, StubRegistry registry, long maxSize = Size, RegistryOptions? options = null)
    {
        using var store = registry.Store(options);
        var error = await Assert.ThrowsAsync<AivmException>(() => store.FetchAsync(Digest, _folder.At("copy"), maxSize, cancellation: _cancellation));
        Assert.Equal(code, error.Error.Code);
        Assert.False(File.Exists(_folder.At("copy")));
    }

    /// <summary>So many bytes from where the range begins.</summary>
    private static HttpResponseMessage Broken(HttpRequestMessage request, bool isSilent, int each)
    {
        var from = (int)(request.Headers.Range?.Ranges.Single().From ?? 0);
        var served = Content.AsSpan(from, Math.Min(each, Size - from)).ToArray();
        var response = new HttpResponseMessage(from == 0 ? HttpStatusCode.OK : HttpStatusCode.PartialContent)
        {
            Content = from + each < Size ? new StreamContent(new BrokenBody(served, isSilent)) : new ByteArrayContent(served),
        };
        if (from > 0)
            response.Content.Headers.ContentRange = new(from, Size - 1, Size);
        return response;
    }

    private static HttpResponseMessage Moved(Uri location) => new(HttpStatusCode.TemporaryRedirect) { Headers = { Location = location } };

    private static HttpResponseMessage Unauthorised(string challenge)
    {
        var response = new HttpResponseMessage(HttpStatusCode.Unauthorized);
        response.Headers.TryAddWithoutValidation("WWW-Authenticate", challenge);
        return response;
    }
}
