using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

internal static unsafe class ElementwiseAvx2
{
    /// <summary>accumulators += source * factor, eight at a time.</summary>
    /// <returns>How many were added: the multiple of 8 below <paramref name="count"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Accumulate(int* accumulators, byte* source, ElementType type, int factor, int count)
    {
        var whole = count & ~7;
        var factors = Vector256.Create(factor);
        for (var i = 0; i < whole; i += 8)
        {
            var x = type switch
            {
                ElementType.S8 => Avx2.ConvertToVector256Int32((sbyte*)source + i),
                ElementType.S16 => Avx2.ConvertToVector256Int32((short*)source + i),
                _ => Vector256.Load((int*)source + i),
            };
            (Vector256.Load(accumulators + i) + (x * factors)).Store(accumulators + i);
        }
        return whole;
    }
}
