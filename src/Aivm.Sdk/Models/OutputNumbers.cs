using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>A model's output as bytes, which answers carry and receipts name the hash of: its numbers, 64 bits each, lowest byte first.</summary>
public static class OutputNumbers
{
    public static byte[] Pack(ReadOnlySpan<long> numbers)
    {
        var bytes = new byte[sizeof(long) * numbers.Length];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(sizeof(long) * i), numbers[i]);
        return bytes;
    }

    /// <param name="bytes">What is left over at the end is no number, and left out.</param>
    public static long[] Unpack(ReadOnlySpan<byte> bytes)
    {
        var numbers = new long[bytes.Length / sizeof(long)];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(sizeof(long) * i)..]);
        return numbers;
    }

    /// <summary>keccak256 of the bytes.</summary>
    public static Hash256 HashOf(ReadOnlySpan<long> numbers) => Keccak.Hash(Pack(numbers));
}
