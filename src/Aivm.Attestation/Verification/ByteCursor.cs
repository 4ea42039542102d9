using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>Takes a piece of evidence apart from front to back. Lengths that the evidence names are held against what is left before anything is taken.</summary>
/// <param name="code">The code for bytes that are missing.</param>
/// <param name="what">What ends too early, for the message.</param>
internal struct ByteCursor(ReadOnlyMemory<byte> bytes, string code, string what)
{
    private ReadOnlyMemory<byte> _rest = bytes;

    public readonly ReadOnlyMemory<byte> Rest => _rest;

    public ReadOnlyMemory<byte> Take(long length)
    {
        Refused.Unless(length <= _rest.Length, code, $"{what} ends before its parts do: {length} bytes should follow, {_rest.Length} do.");
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    public ushort TakeUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)).Span);

    public uint TakeUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)).Span);

    /// <summary>Nothing may be left.</summary>
    public readonly void RequireEnd(string trailingCode, string message) => Refused.Unless(_rest.IsEmpty, trailingCode, message);
}
