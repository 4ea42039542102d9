using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>Sums of elements times a factor.</summary>
internal static unsafe class Accumulate
{
    /// <summary>accumulators += source * factor; the analysis bounds every sum below 2^29.</summary>
    public static void Add(SimdLevel level, int* accumulators, byte* source, ElementType type, int factor, int count)
    {
        var done = level switch
        {
            SimdLevel.Scalar => 0,
            SimdLevel.Vector128 => AddLanes<Lanes128>(accumulators, source, type, factor, count),
            _ => AddLanes<Lanes256>(accumulators, source, type, factor, count),
        };
        for (var i = done; i < count; i++)
            accumulators[i] = unchecked(accumulators[i] + ((int)Elements.Load(source, type, i) * factor));
    }

    /// <returns>How many were added: the multiple of 8 below <paramref name="count"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int AddLanes<TLanes>(int* accumulators, byte* source, ElementType type, int factor, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        var whole = count & ~7;
        var factors = TLanes.Create(factor);
        unchecked
        {
            for (var i = 0; i < whole; i += 8)
                TLanes.Store(TLanes.Add(TLanes.Load(accumulators + i), TLanes.Multiply(Load<TLanes>(source, type, i), factors)), accumulators + i);
        }
        return whole;
    }

    /// <summary>Eight elements of S8, S16 or S32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source, ElementType type, long index)
        where TLanes : struct, ILanes<TLanes> => unchecked(type switch
        {
            ElementType.S8 => TLanes.Widen((sbyte*)source + index),
            ElementType.S16 => TLanes.Widen((short*)source + index),
            _ => TLanes.Load((int*)source + index),
        });
}
