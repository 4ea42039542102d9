using System.Buffers;
using System.Numerics;

namespace Aivm.Node.JsonRpc;

/// <summary>
/// Memory for one message, a request or an answer, from the budget of all connections. It can be cut back, so that a call that fails halfway
/// leaves an error and no half result.
/// </summary>
internal sealed class MessageBuffer(MemoryBudget budget, int maxLength) : IBufferWriter<byte>, IDisposable
{
    private const int SmallestArray = 1 << 10;

    /// <summary>Up to here a message is served however busy the node is: connections are counted, so this is bounded too.</summary>
    private const int AlwaysServed = 64 << 10;

    /// <summary>Larger arrays are left to the garbage collector: the shared pool would keep them when a flood is over.</summary>
    private const int LargestPooled = 1 << 20;

    private byte[] _bytes = [];

    public int Length { get; private set; }

    public int Capacity => _bytes.Length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Says that this message would outgrow its limit. Whoever fills the buffer turns it into an error; nobody else sees it.</summary>
    public sealed class FullException : Exception;

    /// <summary>Says that the messages of all connections together leave no room for this one.</summary>
    public sealed class BusyException : Exception;

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

    public void Write(in ReadOnlySequence<byte> text)
    {
        Reserve((int)text.Length);
        text.CopyTo(_bytes.AsSpan(Length));
        Length += (int)text.Length;
    }

    /// <summary>Writes the text around results: never subject to a limit, so that an error always fits.</summary>
    public void Append(ReadOnlySpan<byte> text)
    {
        if (_bytes.Length - Length < text.Length)
        {
            var size = SizeFor(text.Length);
            budget.Take(size);
            MoveTo(size);
        }
        text.CopyTo(_bytes.AsSpan(Length));
        Length += text.Length;
    }

    public void Truncate(int length) => Length = length;

    public void Dispose()
    {
        Release(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Reserve(int sizeHint)
    {
        if (Length > maxLength - sizeHint)
            throw new FullException();
        var count = Math.Max(sizeHint, 1);
        if (_bytes.Length - Length >= count)
            return;
        var size = SizeFor(count);
        if (size <= AlwaysServed)
            budget.Take(size);
        else if (!budget.TryTake(size))
            throw new BusyException();
        MoveTo(size);
    }

    /// <summary>At least twice what there is, so that a long message is copied few times.</summary>
    private int SizeFor(int more)
    {
        var size = Math.Max(Math.Max(SmallestArray, Length + more), (int)Math.Min(2L * _bytes.Length, Array.MaxLength));
        return size <= LargestPooled ? (int)BitOperations.RoundUpToPowerOf2((uint)size) : size;
    }

    private void MoveTo(int size)
    {
        var larger = size <= LargestPooled ? ArrayPool<byte>.Shared.Rent(size) : GC.AllocateUninitializedArray<byte>(size);
        _bytes.AsSpan(0, Length).CopyTo(larger);
        Release(_bytes);
        _bytes = larger;
    }

    private void Release(byte[] bytes)
    {
        if (bytes.Length is > 0 and <= LargestPooled)
            ArrayPool<byte>.Shared.Return(bytes);
        budget.Return(bytes.Length);
    }
}
