using System.Text;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// Solidity's layout of storage, which the contracts keep to so that the usual tools read them: mappings, arrays, strings, packed words, whose first
/// member is in the low bytes.
/// </summary>
internal static class ContractStorage
{
    private const int AddressBits = 160;
    private const int Word = 32;

    /// <summary>The slot of a mapping's value.</summary>
    public static UInt256 Mapped(NativeCall call, Hash256 key, UInt256 slot)
    {
        call.Charge(CallGas.Hash(2 * Word));
        return Mapped(key, slot);
    }

    /// <inheritdoc cref="Mapped(NativeCall, Hash256, UInt256)"/>
    public static UInt256 Mapped(NativeCall call, Address key, UInt256 slot) => Mapped(call, ToWord(key).ToHash256(), slot);

    /// <inheritdoc cref="Mapped(NativeCall, Hash256, UInt256)"/>
    public static UInt256 Mapped(NativeCall call, UInt256 key, UInt256 slot) => Mapped(call, key.ToHash256(), slot);

    /// <summary>Without gas.</summary>
    public static UInt256 Mapped(Hash256 key, UInt256 slot) =>
        UInt256.FromBigEndian(Keccak.Hash([.. key.Span, .. slot.ToHash256().Span]).Span);

    /// <summary>The slot of an array's first element.</summary>
    public static UInt256 ArrayStart(NativeCall call, UInt256 slot) => UInt256.FromBigEndian(call.Keccak(slot.ToHash256().Span).Span);

    public static UInt256 Length(NativeCall call, UInt256 array) => call.Read(array);

    public static UInt256 Element(NativeCall call, UInt256 array, UInt256 index) => call.Read(ArrayStart(call, array) + index);

    public static void Append(NativeCall call, UInt256 array, UInt256 value)
    {
        var length = call.Read(array);
        call.Write(ArrayStart(call, array) + length, value);
        call.Write(array, length + UInt256.One);
    }

    /// <summary>Removes an array with all its elements.</summary>
    public static void Clear(NativeCall call, UInt256 array)
    {
        var length = (ulong)call.Read(array);
        var start = ArrayStart(call, array);
        for (var i = 0UL; i < length; i++)
            call.Write(start + i, UInt256.Zero);
        call.Write(array, UInt256.Zero);
    }

    /// <summary>A string of at most 31 bytes is in its slot; the bytes of a longer one follow at the hash of the slot.</summary>
    public static string ReadString(NativeCall call, UInt256 slot)
    {
        Span<byte> word = stackalloc byte[Word];
        var head = call.Read(slot);
        head.WriteBigEndian(word);
        if ((word[^1] & 1) == 0)
            return Encoding.UTF8.GetString(word[..(word[^1] / 2)]);
        var length = (int)(ulong)(head >> 1);
        var bytes = new byte[(length + Word - 1) / Word * Word];
        var start = ArrayStart(call, slot);
        for (var i = 0; i < bytes.Length / Word; i++)
            call.Read(start + (ulong)i).WriteBigEndian(bytes.AsSpan(i * Word));
        return Encoding.UTF8.GetString(bytes.AsSpan(0, length));
    }

    public static void WriteString(NativeCall call, UInt256 slot, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> word = stackalloc byte[Word];
        word.Clear();
        if (bytes.Length < Word)
        {
            bytes.CopyTo(word);
            word[^1] = (byte)(2 * bytes.Length);
            call.Write(slot, UInt256.FromBigEndian(word));
            return;
        }
        call.Write(slot, (ulong)((2 * bytes.Length) + 1));
        var start = ArrayStart(call, slot);
        for (var i = 0; i * Word < bytes.Length; i++)
        {
            word.Clear();
            bytes.AsSpan(i * Word, Math.Min(Word, bytes.Length - (i * Word))).CopyTo(word);
            call.Write(start + (ulong)i, UInt256.FromBigEndian(word));
        }
    }

    public static UInt256 ToWord(Address address) => UInt256.FromBigEndian(address.Span);

    public static Address ToAddress(UInt256 word) => new(word.ToHash256().Span[(Hash256.Size - Address.Size)..]);

    public static ulong Bits(UInt256 word, int shift, int bits) => (ulong)((word >> shift) & ((UInt256.One << bits) - UInt256.One));

    public static Address AddressIn(UInt256 word) => ToAddress(word & ((UInt256.One << AddressBits) - UInt256.One));
}
