using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>Bytes into Montgomery form.</summary>
internal readonly unsafe struct FromBytesLoop(sbyte* integers, uint* result) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var square = ExtLanes<TLanes, TVector>.BroadcastFactor(Felt.FromMontgomery(Felt.SquareOfRadix));
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
            TLanes.Store(ExtLanes<TLanes, TVector>.Multiply(TLanes.LoadIntegers(unchecked(integers + i)), square), unchecked(result + i));
        return i;
    }
}

/// <summary>Integers of 16 bits into Montgomery form.</summary>
internal readonly unsafe struct FromShortsLoop(short* integers, uint* result) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var square = ExtLanes<TLanes, TVector>.BroadcastFactor(Felt.FromMontgomery(Felt.SquareOfRadix));
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
            TLanes.Store(ExtLanes<TLanes, TVector>.Multiply(TLanes.LoadIntegers(unchecked(integers + i)), square), unchecked(result + i));
        return i;
    }
}

/// <summary>Integers of 32 bits into Montgomery form.</summary>
internal readonly unsafe struct FromWordsLoop(int* integers, uint* result) : IFieldLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public nint Run<TLanes, TVector>(nint start, nint end)
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        var square = ExtLanes<TLanes, TVector>.BroadcastFactor(Felt.FromMontgomery(Felt.SquareOfRadix));
        var i = start;
        for (; i + TLanes.Count <= end; i += TLanes.Count)
            TLanes.Store(ExtLanes<TLanes, TVector>.Multiply(TLanes.LoadIntegers(unchecked(integers + i)), square), unchecked(result + i));
        return i;
    }
}
