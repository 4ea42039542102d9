using System.Runtime.Intrinsics.X86;
using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>Which vectors the field's kernels work in. All of them give the same bits.</summary>
internal enum FieldLevel
{
    /// <summary>One element at a time: any machine.</summary>
    Scalar = 0,
    /// <summary>Eight elements.</summary>
    Avx2 = 1,
    /// <summary>Sixteen elements.</summary>
    Avx512 = 2,
}

/// <summary>The choice of kernels: the best that the processor has, as far as <c>AIVM_SIMD</c> allows it (<see cref="Simd"/>).</summary>
internal static class FieldSimd
{
    /// <summary>Tests set it; since levels agree bit by bit, no result depends on it.</summary>
    public static FieldLevel Level { get; set; } = Choose();

    public static bool IsSupported(FieldLevel level) => level switch
    {
        FieldLevel.Scalar => true,
        FieldLevel.Avx2 => Avx2.IsSupported,
        FieldLevel.Avx512 => Avx512F.IsSupported,
        _ => false,
    };

    private static FieldLevel Choose()
    {
        if (Simd.Level < SimdLevel.Avx2)
            return FieldLevel.Scalar;
        return Simd.Level > SimdLevel.Avx2 && IsSupported(FieldLevel.Avx512) ? FieldLevel.Avx512 : FieldLevel.Avx2;
    }
}
