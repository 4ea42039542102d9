using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>Which kernels run a model. All of them give the same bytes.</summary>
public enum SimdLevel
{
    /// <summary>Plain loops: the reference, on any machine.</summary>
    Scalar = 0,
    /// <summary>256-bit vectors of x86.</summary>
    Avx2 = 2,
}

/// <summary>The choice of kernels, made once: the best that the processor has, or what <c>AIVM_SIMD</c> (scalar, avx2) allows.</summary>
public static class Simd
{
    public static SimdLevel Level { get; } = Choose(Environment.GetEnvironmentVariable("AIVM_SIMD"));

    public static bool IsSupported(SimdLevel level) => level == SimdLevel.Scalar || (level == SimdLevel.Avx2 && Avx2.IsSupported);

    private static SimdLevel Choose(string? wanted) =>
        wanted == "scalar" || !IsSupported(SimdLevel.Avx2) ? SimdLevel.Scalar : SimdLevel.Avx2;
}
