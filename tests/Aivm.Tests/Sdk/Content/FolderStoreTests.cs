using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Content;

public sealed class FolderStoreTests : IDisposable
{
    private readonly ContentFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    private FolderStore Store => new(_folder.At("store"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000_001)]
    public async Task What_is_added_comes_back_by_its_digest(int size)
    {
        var bytes = ContentFolder.Bytes(1, size);
        var added = await Store.AddAsync(_folder.Write("model", bytes), cancellation: _cancellation);
        Assert.Equal(new ContentDescriptor(ContentDigest.Of(bytes), size), added);
        Assert.True(await Store.ContainsAsync(added.Digest, _cancellation));
        Assert.Equal(added, await Store.AddAsync(_folder.At("model"), cancellation: _cancellation));

        await Store.FetchAsync(added.Digest, _folder.At("copy"), maxSize: size, cancellation: _cancellation);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
        Assert.True(Store.TryFind(added.Digest, out var path));
        Assert.Equal(_folder.At($"store/blobs/sha256/{added.Digest.Hex}"), path);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2_000_000)]
    [InlineData(2_000_001)]
    public async Task A_copy_that_was_cut_off_goes_on_where_it_was(int there)
    {
        var bytes = ContentFolder.Bytes(3, 2_000_000);
        var digest = (await Store.AddAsync(_folder.Write("model", bytes), cancellation: _cancellation)).Digest;
        await File.WriteAllBytesAsync(_folder.PartOf(digest), [.. bytes.Append((byte)0).Take(there)], _cancellation);
        await Store.FetchAsync(digest, _folder.At("copy"), bytes.Length, cancellation: _cancellation);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
        Assert.False(File.Exists(_folder.PartOf(digest)));
    }

    [Fact]
    public async Task What_is_kept_is_fetched_once_and_again_only_when_it_rotted()
    {
        byte[] bytes = [1, 2, 3];
        var digest = ContentDigest.Of(bytes);
        var registry = new StubRegistry(request => StubRegistry.Serve(request, bytes));
        using var store = registry.Store();
        var path = await Store.KeepAsync(digest, store, maxSize: 3, cancellation: _cancellation);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, _cancellation));
        Assert.Equal(path, await Store.KeepAsync(digest, store, maxSize: 3, cancellation: _cancellation));
        Assert.Single(registry.Requests);

        await File.WriteAllBytesAsync(path, [1, 2, 4], _cancellation);
        Assert.Equal(path, await Store.KeepAsync(digest, store, maxSize: 3, cancellation: _cancellation));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, _cancellation));
        Assert.Equal(2, registry.Requests.Count);
    }

    [Fact]
    public async Task What_is_longer_than_allowed_or_of_another_digest_is_not_kept()
    {
        var digest = ContentDigest.Of([1, 2, 3]);
        byte[] given = [1, 2, 3];
        using var store = new StubRegistry(request => StubRegistry.Serve(request, given)).Store();
        var tooLarge = await Assert.ThrowsAsync<AivmException>(() => Store.KeepAsync(digest, store, maxSize: 2, cancellation: _cancellation));
        Assert.Equal("content-too-large", tooLarge.Error.Code);
        given = [1, 2, 4];
        var wrong = await Assert.ThrowsAsync<AivmException>(() => Store.KeepAsync(digest, store, maxSize: 3, cancellation: _cancellation));
        Assert.Equal("content-mismatch", wrong.Error.Code);
        Assert.Empty(Directory.EnumerateFiles(Store.Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Content_that_is_not_there_is_missing()
    {
        var digest = ContentDigest.Of([1]);
        Assert.False(await Store.ContainsAsync(digest, _cancellation));
        await AssertFetchFailsAsync("content-missing", digest, maxSize: 10);
    }

    [Fact]
    public async Task Content_that_rotted_is_not_handed_out()
    {
        var digest = (await Store.AddAsync(_folder.Write("model", [1, 2, 3]), cancellation: _cancellation)).Digest;
        Assert.True(Store.TryFind(digest, out var path));
        await File.WriteAllBytesAsync(path, [1, 2, 4], _cancellation);
        await AssertFetchFailsAsync("content-mismatch", digest, maxSize: 10);
    }

    [Fact]
    public async Task No_more_is_taken_than_is_allowed()
    {
        var digest = (await Store.AddAsync(_folder.Write("model", new byte[11]), cancellation: _cancellation)).Digest;
        await AssertFetchFailsAsync("content-too-large", digest, maxSize: 10);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_or_written_is_named()
    {
        var error = await Assert.ThrowsAsync<AivmException>(() => Store.AddAsync(_folder.At("nowhere"), cancellation: _cancellation));
        Assert.Equal("content-unreadable", error.Error.Code);
        Assert.Contains(_folder.At("nowhere"), error.Message, StringComparison.Ordinal);

        var digest = (await Store.AddAsync(_folder.Write("model", [1]), cancellation: _cancellation)).Digest;
        error = await Assert.ThrowsAsync<AivmException>(() => Store.FetchAsync(digest, _folder.At("no/such/folder"), 10, cancellation: _cancellation));
        Assert.Equal("content-unwritable", error.Error.Code);
    }

    [Fact]
    public async Task Two_writers_of_one_file_do_not_mix()
    {
        var bytes = ContentFolder.Bytes(2, 100);
        var digest = (await Store.AddAsync(_folder.Write("model", bytes), cancellation: _cancellation)).Digest;
        using (await ReceivingFile.OpenAsync(_folder.At("copy"), digest, 100, _cancellation))
            await AssertFetchFailsAsync("content-busy", digest, maxSize: 100);
        await Store.FetchAsync(digest, _folder.At("copy"), 100, cancellation: _cancellation);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.At("copy"), _cancellation));
    }

    private async Task AssertFetchFailsAsync(string code, ContentDigest digest, long maxSize)
    {
        var error = await Assert.ThrowsAsync<AivmException>(() => Store.FetchAsync(digest, _folder.At("copy"), maxSize, cancellation: _cancellation));
        Assert.Equal(code, error.Error.Code);
        Assert.False(File.Exists(_folder.At("copy")));
    }
}
