using System.Runtime.Intrinsics;

namespace Aivm.Proofs;

/// <summary>A loop over elements, written for any lanes; its operands and results are fields.</summary>
internal interface IFieldLoop
{
    /// <summary>Whole vectors from an index on.</summary>
    /// <returns>Where it stopped: less than a vector before <paramref name="end"/>.</returns>
    nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct;
}

/// <summary>Runs a loop in this machine's vectors, and what is left over one by one.</summary>
internal static class FieldLoop
{
    public static void Run<TLoop>(ref TLoop loop, nint start, nint end)
        where TLoop : struct, IFieldLoop
    {
        var stopped = FieldSimd.Level switch
        {
            FieldLevel.Avx512 => loop.Run<Avx512Lanes, Vector512<uint>>(start, end),
            FieldLevel.Avx2 => loop.Run<Avx2Lanes, Vector256<uint>>(start, end),
            _ => start,
        };
        if (stopped < end)
            loop.Run<ScalarLanes, ulong>(stopped, end);
    }
}
