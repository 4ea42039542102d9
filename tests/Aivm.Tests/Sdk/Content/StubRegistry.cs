using System.Net;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Content;

/// <summary>A registry that answers what a test tells it to.</summary>
internal sealed class StubRegistry(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
{
    /// <summary>Method, address and offset of each request.</summary>
    public List<(string Method, Uri Url, long? From, string? Authorization)> Requests { get; } = [];

    public RegistryStore Store(RegistryOptions? options = null) =>
        new(RegistryLocation.Parse("https://registry.example/models"), options ?? Hasty, this);

    /// <summary>Options of a test that waits for nothing.</summary>
    public static RegistryOptions Hasty { get; } = new() { RetryDelay = TimeSpan.Zero, StallTimeout = TimeSpan.FromMilliseconds(300) };

    public static HttpResponseMessage Bytes(HttpStatusCode status, ReadOnlySpan<byte> bytes) => new(status) { Content = new ByteArrayContent(bytes.ToArray()) };

    /// <summary>What a range asks for, of all the bytes.</summary>
    public static HttpResponseMessage Serve(HttpRequestMessage request, byte[] bytes)
    {
        if (request.Headers.Range?.Ranges.Single().From is not { } from)
            return Bytes(HttpStatusCode.OK, bytes);
        var response = Bytes(from < bytes.Length ? HttpStatusCode.PartialContent : HttpStatusCode.RequestedRangeNotSatisfiable, bytes.AsSpan((int)Math.Min(from, bytes.Length)));
        response.Content.Headers.ContentRange = from < bytes.Length ? new(from, bytes.Length - 1, bytes.Length) : new(bytes.Length);
        return response;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add((request.Method.Method, request.RequestUri!, request.Headers.Range?.Ranges.Single().From, request.Headers.Authorization?.ToString()));
        return Task.FromResult(answer(request));
    }
}

/// <summary>A body that gives some bytes and then ends the connection, or says nothing any more.</summary>
internal sealed class BrokenBody(byte[] bytes, bool isSilent) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == bytes.Length && isSilent)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        if (_position == bytes.Length)
            throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
        var count = Math.Min(buffer.Length, bytes.Length - _position);
        bytes.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
