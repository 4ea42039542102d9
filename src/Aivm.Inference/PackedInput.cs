using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aivm.Inference;

/// <summary>An input as <c>inferPacked</c> carries it: a byte or a little-endian int64 for each element.</summary>
internal static class PackedInput
{
    /// <param name="packed">As many bytes as there are values, or eight times as many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(ReadOnlySpan<byte> packed, Span<long> values)
    {
        if (packed.Length == values.Length)
        {
            for (var i = 0; i < packed.Length; i++)
                values[i] = packed[i];
        }
        else if (BitConverter.IsLittleEndian)
        {
            packed.CopyTo(MemoryMarshal.AsBytes(values));
        }
        else
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = BinaryPrimitives.ReadInt64LittleEndian(packed[(8 * i)..]);
        }
    }
}
