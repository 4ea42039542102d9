using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>The clamp form of <see cref="Requantiser"/>, eight accumulators at a time.</summary>
internal static unsafe class RequantiserAvx2
{
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
