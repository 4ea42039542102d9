using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>Which kernels run a model. All of them give the same bytes.</summary>
public enum SimdLevel
{
    /// <summary>Plain loops: the reference, on any machine.</summary>
    Scalar = 0,
    /// <summary>Vectors of 128 bits, of x86, Arm or whatever .NET has them on.</summary>
    Vector128 = 1,
    /// <summary>Vectors of 256 bits of x86.</summary>
    Avx2 = 2,
    /// <summary>AVX2 with vectors of 512 bits where they pay.</summary>
    Avx512 = 3,
    /// <summary>AVX-VNNI: AVX2 with one instruction for the product of bytes, where the processor has its VEX form.</summary>
    Vnni = 4,
}

/// <summary>The choice of kernels, made once: the best that the processor has, or what <c>AIVM_SIMD</c> (scalar, vector128, avx2, avx512, vnni) allows.</summary>
public static class Simd
{
    public const string Variable = "AIVM_SIMD";

    private static readonly Lazy<SimdLevel> Chosen = new(() => Choose(Environment.GetEnvironmentVariable(Variable)));

    /// <exception cref="AivmException"><c>simd-unknown</c>: the variable holds another word.</exception>
    public static SimdLevel Level => Chosen.Value;

    public static bool IsSupported(SimdLevel level) => level switch
    {
        SimdLevel.Scalar => true,
        SimdLevel.Vector128 => Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian,
        SimdLevel.Avx2 => Avx2.IsSupported,
        SimdLevel.Avx512 => Avx512F.VL.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.VL.IsSupported,
        SimdLevel.Vnni => Avx2.IsSupported && AvxVnni.IsSupported,
        _ => false,
    };

    /// <summary>The best supported level up to the wanted one.</summary>
    internal static SimdLevel Choose(string? wanted)
    {
        var level = wanted switch
        {
            null or "" or "vnni" => SimdLevel.Vnni,
            "avx512" => SimdLevel.Avx512,
            "avx2" => SimdLevel.Avx2,
            "vector128" => SimdLevel.Vector128,
            "scalar" => SimdLevel.Scalar,
            _ => throw new AivmException(
                Failure.Input, "simd-unknown", $"{Variable} is {wanted}; it takes scalar, vector128, avx2, avx512 or vnni, or is left unset for the best that the processor has."),
        };
        while (!IsSupported(level))
            level--;
        return level;
    }
}
