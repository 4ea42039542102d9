using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Benchmarks.Gas;

/// <summary>
/// The core that gas counts the nanoseconds of: a Zen 4 core of a shared machine at its best. A fixed loop, timed beside what is measured,
/// says how this core compares at this moment, so that a slow or busy machine changes both.
/// </summary>
internal sealed unsafe class ReferenceCore
{
    /// <summary>What the loop takes on the reference core.</summary>
    public const double LoopNanoseconds = 590;

    private const int Bytes = 4096;
    private const int Passes = 16;

    private double _fastest = double.MaxValue;

    /// <summary>The loop's shortest time so far.</summary>
    public double Fastest => _fastest;

    /// <summary>Nanoseconds of the reference core for one of this core.</summary>
    public double Speed => LoopNanoseconds / _fastest;

    public void Calibrate()
    {
        var bytes = stackalloc byte[Bytes];
        new Span<byte>(bytes, Bytes).Fill(3);
        var started = Stopwatch.GetTimestamp();
        Loop(bytes);
        _fastest = Math.Min(_fastest, Clock.NanosecondsSince(started));
    }

    /// <summary>Products of bytes, as in a dense layer whose operands lie in the first cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Loop(byte* bytes)
    {
        unchecked
        {
            var (a, b, c, d) = (Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero);
            for (var pass = 0; pass < Passes; pass++)
            {
                for (var i = 0; i < Bytes; i += 128)
                {
                    a += Dot(bytes + i);
                    b += Dot(bytes + i + 32);
                    c += Dot(bytes + i + 64);
                    d += Dot(bytes + i + 96);
                }
            }
            return Vector256.Sum(a + b + c + d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(byte* bytes)
    {
        var x = Vector256.Load(bytes);
        return Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, x.AsSByte()), Vector256<short>.One);
    }
}
