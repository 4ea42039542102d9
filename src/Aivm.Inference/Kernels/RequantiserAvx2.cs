using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>The clamp form of <see cref="Requantiser"/>, eight accumulators at a time.</summary>
internal static unsafe class RequantiserAvx2
{
    /// <summary>A tile of positions by eight or sixteen channels to S8 or S16.</summary>
    /// <param name="accumulators">[positions][16].</param>
    /// <param name="pixel">Bytes of the result from one position to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreTile(int* accumulators, int positions, int channels, int* shifts, int* roundings, ElementType output, int low, int high, byte* destination, long pixel)
    {
        var lowest = Vector256.Create((short)low);
        var highest = Vector256.Create((short)high);
        var shift0 = Vector256.Load(shifts).AsUInt32();
        var isWhole = channels == 16;
        var shift1 = isWhole ? Vector256.Load(shifts + 8).AsUInt32() : shift0;
        var rounding0 = Vector256.Load(roundings);
        var rounding1 = isWhole ? Vector256.Load(roundings + 8) : rounding0;
        unchecked
        {
            for (var p = 0; p < positions; p++, accumulators += 16, destination += pixel)
            {
                var h0 = Avx2.ShiftRightArithmeticVariable(Vector256.Load(accumulators) + rounding0, shift0);
                var h1 = Avx2.ShiftRightArithmeticVariable(Vector256.Load(accumulators + 8) + rounding1, shift1);
                // Saturating to 16 bits before the clamp changes nothing: the clamp lies within 16 bits.
                var packed = Avx2.Permute4x64(Avx2.PackSignedSaturate(h0, h1).AsInt64(), 0b11_01_10_00).AsInt16();
                var y = Vector256.Min(Vector256.Max(packed, lowest), highest);
                var bytes = Sse2.PackSignedSaturate(y.GetLower(), y.GetUpper());
                if (isWhole && output == ElementType.S8)
                    bytes.Store((sbyte*)destination);
                else if (output == ElementType.S8)
                    Sse2.StoreScalar((long*)destination, bytes.AsInt64());
                else if (isWhole)
                    y.Store((short*)destination);
                else
                    y.GetLower().Store((short*)destination);
            }
        }
    }

    /// <summary>Accumulators one after another, eight at a time.</summary>
    /// <param name="step">1 when shifts and roundings advance with the accumulators, 0 when the same eight serve all.</param>
    /// <returns>How many were stored: the multiple of 8 below <paramref name="count"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Store(int* accumulators, int count, int* shifts, int* roundings, int step, ElementType output, int low, int high, byte* destination)
    {
        var whole = count & ~7;
        var (lowest, highest) = (Vector256.Create(low), Vector256.Create(high));
        for (var i = 0; i < whole; i += 8)
        {
            var acc = Vector256.Load(accumulators + i);
            var shift = Vector256.Load(shifts + (i * step)).AsUInt32();
            if (output == ElementType.S32)
            {
                Avx2.ShiftLeftLogicalVariable(acc, shift).Store((int*)destination + i);
                continue;
            }
            var h = Avx2.ShiftRightArithmeticVariable(acc + Vector256.Load(roundings + (i * step)), shift);
            var y = Vector256.Min(Vector256.Max(h, lowest), highest);
            var halves = Sse2.PackSignedSaturate(y.GetLower(), y.GetUpper());
            if (output == ElementType.S16)
                halves.Store((short*)destination + i);
            else
                Sse2.StoreScalar((long*)(destination + i), Sse2.PackSignedSaturate(halves, halves).AsInt64());
        }
        return whole;
    }
}
