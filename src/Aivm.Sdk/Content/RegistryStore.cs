using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// Content in a repository of an OCI registry (OCI distribution specification 1.1), each file a blob that a manifest of its own keeps from being collected. The registry is not
/// trusted: what it gives is hashed as it comes. Transfers go on where they were cut off.
/// </summary>
public sealed class RegistryStore : IContentStore, IDisposable
{
    private const string ArtifactType = "application/vnd.aivm.content.v1";
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string EmptyType = "application/vnd.oci.empty.v1+json";
    private const string BytesType = "application/octet-stream";
    private const int BufferBytes = 128 << 10;

    // Less than that between two failures counts as nothing.
    private const long Somewhere = 1 << 20;

    private readonly RegistryLocation _location;
    private readonly RegistryOptions _options;
    private readonly RegistryConnection _connection;

    public RegistryStore(RegistryLocation location, RegistryOptions? options = null, HttpMessageHandler? handler = null)
    {
        (_location, _options) = (location, options ?? new RegistryOptions());
        _connection = new RegistryConnection(location, _options, handler);
    }

    public void Dispose() => _connection.Dispose();

    public async Task<bool> ContainsAsync(ContentDigest digest, CancellationToken cancellation = default)
    {
        var isThere = false;
        await RetryAsync(async () => isThere = await SizeOfAsync(digest, cancellation) is not null, cancellation);
        return isThere;
    }

    public async Task<ContentDescriptor> AddAsync(string file, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        var descriptor = await ContentDescriptor.OfFileAsync(file, cancellation);
        await using var source = ContentFiles.OpenRead(file);
        await UploadAsync(source, descriptor, progress, cancellation);
        var empty = new MemoryStream("{}"u8.ToArray());
        await UploadAsync(empty, new ContentDescriptor(ContentDigest.Of("{}"u8), empty.Length), null, cancellation);
        await RetryAsync(() => PutManifestAsync(descriptor, cancellation), cancellation);
        return descriptor;
    }

    public async Task FetchAsync(ContentDigest digest, string file, long maxSize, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        using var receiving = await ReceivingFile.OpenAsync(file, digest, maxSize, cancellation);
        await RetryAsync(() => ReceiveAsync(digest, receiving, maxSize, progress, cancellation), cancellation, () => receiving.Length);
        receiving.Complete(_location.ToString());
    }

    private async Task ReceiveAsync(ContentDigest digest, ReceivingFile receiving, long maxSize, IProgress<long>? progress, CancellationToken cancellation)
    {
        using var response = await _connection.GetAsync(_location.At($"blobs/{digest}"), receiving.Length, cancellation);
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound:
                throw ContentErrors.Missing(digest, _location.ToString());
            case HttpStatusCode.RequestedRangeNotSatisfiable when receiving.Length > 0:
                // All is there, or what is there is of another content: the digest tells.
                if (response.Content.Headers.ContentRange?.Length == receiving.Length)
                    return;
                receiving.Restart();
                throw new TransferException("it does not go on where it was cut off");
            case HttpStatusCode.PartialContent when response.Content.Headers.ContentRange?.From == receiving.Length:
                break;
            case HttpStatusCode.OK:
                receiving.Restart();
                break;
            default:
                throw _connection.Invalid($"it answers with HTTP status {(int)response.StatusCode}");
        }
        if (response.Content.Headers.ContentLength > maxSize - receiving.Length)
            throw ContentErrors.TooLarge(digest, maxSize);
        await CopyAsync(response, receiving, progress, cancellation);
    }

    private async Task CopyAsync(HttpResponseMessage response, ReceivingFile receiving, IProgress<long>? progress, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.StallTimeout);
        var (buffer, since) = (new byte[BufferBytes], 0);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(patience.Token);
            while (await body.ReadAsync(buffer, patience.Token) is var count and > 0)
            {
                await receiving.WriteAsync(buffer.AsMemory(0, count), cancellation);
                progress?.Report(receiving.Length);
                since += count;
                if (since < _options.LeastBytes)
                    continue;
                since = 0;
                patience.CancelAfter(_options.StallTimeout);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or HttpIOException)
        {
            throw new TransferException("it cuts off", exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new TransferException($"it gives less than {_options.LeastBytes} bytes in {_options.StallTimeout.TotalSeconds:0} s", exception);
        }
    }

    private async Task UploadAsync(Stream source, ContentDescriptor descriptor, IProgress<long>? progress, CancellationToken cancellation)
    {
        var upload = new Upload();
        await RetryAsync(() => UploadAsync(source, descriptor, upload, progress, cancellation), cancellation, () => upload.Sent);
    }

    private async Task UploadAsync(Stream source, ContentDescriptor descriptor, Upload upload, IProgress<long>? progress, CancellationToken cancellation)
    {
        if (await SizeOfAsync(descriptor.Digest, cancellation) is { } there)
        {
            progress?.Report(descriptor.Size);
            if (there == descriptor.Size)
                return;
            throw _connection.Invalid($"it has {descriptor.Digest} with {there} bytes instead of {descriptor.Size}");
        }
        await FindPlaceAsync(upload, cancellation);
        var chunk = new byte[Math.Min(_options.ChunkBytes, Math.Max(descriptor.Size, 1))];
        while (upload.Sent < descriptor.Size)
        {
            source.Position = upload.Sent;
            var part = chunk.AsMemory(0, (int)Math.Min(chunk.Length, descriptor.Size - upload.Sent));
            var count = await source.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancellation);
            if (count == 0)
                throw ContentErrors.Changed($"the file of {descriptor.Digest}");
            await SendChunkAsync(upload, part[..count], cancellation);
            progress?.Report(upload.Sent);
        }
        await CloseAsync(upload, descriptor, cancellation);
    }

    /// <summary>Where the upload goes on: a new one, or one that was cut off.</summary>
    private async Task FindPlaceAsync(Upload upload, CancellationToken cancellation)
    {
        if (upload.Location is { } known)
        {
            using var state = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, known), bodyBytes: 0, cancellation);
            if (state.StatusCode == HttpStatusCode.NoContent && LastOf(state) is { } last)
            {
                // 0 may mean one byte or none.
                (upload.Location, upload.Sent) = (_connection.UploadLocation(state, known), last == 0 ? 0 : last + 1);
                return;
            }
        }
        var begin = _location.At("blobs/uploads/");
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, begin) { Content = new ByteArrayContent([]) }, bodyBytes: 0, cancellation);
        Require(response, HttpStatusCode.Accepted);
        (upload.Location, upload.Sent) = (_connection.UploadLocation(response, begin), 0);
    }

    private async Task SendChunkAsync(Upload upload, ReadOnlyMemory<byte> chunk, CancellationToken cancellation)
    {
        var (location, first) = (upload.Location!, upload.Sent);
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Patch, location) { Content = Body() }, chunk.Length, cancellation);
        if (response.StatusCode is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.NotFound)
        {
            upload.Location = null;
            throw new TransferException("it has forgotten the upload");
        }
        Require(response, HttpStatusCode.Accepted);
        if (LastOf(response) is not { } last || last != first + chunk.Length - 1)
            throw _connection.Invalid("it does not say how much it has");
        (upload.Location, upload.Sent) = (_connection.UploadLocation(response, location), last + 1);

        ReadOnlyMemoryContent Body()
        {
            var content = new ReadOnlyMemoryContent(chunk);
            content.Headers.ContentType = new MediaTypeHeaderValue(BytesType);
            content.Headers.TryAddWithoutValidation("Content-Range", $"{first}-{first + chunk.Length - 1}");
            return content;
        }
    }

    private async Task CloseAsync(Upload upload, ContentDescriptor descriptor, CancellationToken cancellation)
    {
        var location = upload.Location!;
        var query = location.Query.Length > 1 ? $"{location.Query[1..]}&" : "";
        var close = new UriBuilder(location) { Query = $"{query}digest={descriptor.Digest}" }.Uri;
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Put, close) { Content = new ByteArrayContent([]) }, bodyBytes: 0, cancellation);
        if (response.StatusCode == HttpStatusCode.BadRequest)
            throw ContentErrors.Changed($"the file of {descriptor.Digest}");
        Require(response, HttpStatusCode.Created);
    }

    /// <summary>An image manifest of one layer, tagged with the content's digest.</summary>
    private async Task PutManifestAsync(ContentDescriptor descriptor, CancellationToken cancellation)
    {
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            artifactType = ArtifactType,
            config = new { mediaType = EmptyType, digest = ContentDigest.Of("{}"u8).ToString(), size = 2 },
            layers = (object[])[new { mediaType = BytesType, digest = descriptor.Digest.ToString(), size = descriptor.Size }],
        });
        var url = _location.At($"manifests/sha256-{descriptor.Digest.Hex}");
        using var response = await _connection.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent(manifest) { Headers = { ContentType = new MediaTypeHeaderValue(ManifestType) } } },
            manifest.Length, cancellation);
        Require(response, HttpStatusCode.Created);
    }

    /// <summary>Null where it is not there.</summary>
    private async Task<long?> SizeOfAsync(ContentDigest digest, CancellationToken cancellation)
    {
        var url = _location.At($"blobs/{digest}");
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Head, url), bodyBytes: 0, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        // A registry that keeps content elsewhere may send on even this.
        if ((int)response.StatusCode is 302 or 307)
        {
            using var target = await _connection.GetAsync(url, offset: 0, cancellation);
            return target.StatusCode == HttpStatusCode.NotFound ? null : target.Content.Headers.ContentLength;
        }
        Require(response, HttpStatusCode.OK);
        return response.Content.Headers.ContentLength ?? throw _connection.Invalid("it does not say how long content is");
    }

    /// <summary>N of <c>Range: 0-N</c>, the last byte that an upload has.</summary>
    private static long? LastOf(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Range", out var values))
            return null;
        const string Start = "0-";
        var text = values.First();
        text = text.StartsWith("bytes=", StringComparison.Ordinal) ? text["bytes=".Length..] : text;
        return text.StartsWith(Start, StringComparison.Ordinal) && long.TryParse(text.AsSpan(Start.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : null;
    }

    private void Require(HttpResponseMessage response, HttpStatusCode expected)
    {
        if (response.StatusCode != expected)
            throw _connection.Invalid($"it answers with HTTP status {(int)response.StatusCode} instead of {(int)expected}");
    }

    /// <summary>Tries again where a transfer was cut off, as long as attempts get somewhere.</summary>
    /// <param name="position">How far a transfer has come; null for what is a single request.</param>
    /// <exception cref="AivmException"><c>registry-unreachable</c>.</exception>
    private async Task RetryAsync(Func<Task> attempt, CancellationToken cancellation, Func<long>? position = null)
    {
        var reached = position?.Invoke() ?? 0;
        for (var failures = 1; ; failures++)
        {
            try
            {
                await attempt();
                return;
            }
            catch (TransferException exception)
            {
                if (position?.Invoke() is { } there && there >= reached + Somewhere)
                    (reached, failures) = (there, 1);
                if (failures >= _options.Attempts)
                    throw new AivmException(
                        Failure.Environment, "registry-unreachable", $"{_location} cannot be used: {exception.Message}. What came so far is kept: try again later.", exception);
                await Task.Delay(_options.RetryDelay * (1 << Math.Min(failures - 1, 10)), cancellation);
            }
        }
    }

    /// <summary>An upload under way.</summary>
    private sealed class Upload
    {
        public Uri? Location { get; set; }

        public long Sent { get; set; }
    }
}
