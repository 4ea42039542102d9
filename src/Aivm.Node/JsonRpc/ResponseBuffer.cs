using System.Buffers;

namespace Aivm.Node.JsonRpc;

/// <summary>Pooled memory for one answer. It can be cut back, so that a call that fails halfway leaves an error and no half result.</summary>
internal sealed class ResponseBuffer(int maxLength) : IBufferWriter<byte>, IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(1024);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Says that the answer would outgrow its limit. The dispatcher turns it into an error of the call; nobody else sees it.</summary>
    public sealed class FullException : Exception;

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Length);
    }

    /// <summary>Writes the text around results: never subject to the limit, so that an error always fits.</summary>
    public void Append(ReadOnlySpan<byte> text)
    {
        EnsureFree(text.Length);
        text.CopyTo(_bytes.AsSpan(Length));
        Length += text.Length;
    }

    public void Truncate(int length) => Length = length;

    public void Dispose()
    {
        var bytes = _bytes;
        _bytes = [];
        Length = 0;
        if (bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(bytes);
    }

    private void Reserve(int sizeHint)
    {
        if (Length > maxLength - sizeHint)
            throw new FullException();
        EnsureFree(Math.Max(sizeHint, 1));
    }

    private void EnsureFree(int count)
    {
        if (_bytes.Length - Length >= count)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + count, _bytes.Length * 2));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
