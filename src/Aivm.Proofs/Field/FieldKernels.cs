using System.Runtime.CompilerServices;

namespace Aivm.Proofs;

/// <summary>Arithmetic on arrays of base elements.</summary>
internal static unsafe class FieldKernels
{
    /// <summary>result[i] = a[i] * b[i].</summary>
    public static void Multiply(FeltArray a, int aAt, FeltArray b, int bAt, FeltArray result, int at, int count)
    {
        Check(a.Length, aAt, count);
        Check(b.Length, bAt, count);
        Check(result.Length, at, count);
        var loop = new MultiplyLoop(a.At(aAt), b.At(bAt), result.At(at));
        FieldLoop.Run(ref loop, 0, count);
    }

    /// <summary>a[at + i] *= k.</summary>
    public static void Scale(FeltArray a, int at, Felt k, int count)
    {
        Check(a.Length, at, count);
        var loop = new ScalePlaneLoop(a.At(at), k);
        FieldLoop.Run(ref loop, 0, count);
    }

    /// <summary>sums[i] += k * terms[i].</summary>
    public static void AddScaled(FeltArray sums, Felt k, FeltArray terms, int count)
    {
        Check(sums.Length, 0, count);
        Check(terms.Length, 0, count);
        AddScaled(sums.At(0), k, terms.At(0), count);
    }

    /// <summary>sums[i] += k * terms[i].</summary>
    public static void AddScaled(uint* sums, Felt k, uint* terms, int count)
    {
        var loop = new AddScaledLoop(sums, k, terms);
        FieldLoop.Run(ref loop, 0, count);
    }

    /// <summary>integers[i] becomes the integer of least magnitude that is a[i] modulo p.</summary>
    public static void ToIntegers(FeltArray a, Span<int> integers)
    {
        Check(a.Length, 0, integers.Length);
        fixed (int* result = integers)
        {
            var loop = new ToIntegersLoop(a.At(0), result);
            FieldLoop.Run(ref loop, 0, integers.Length);
        }
    }

    /// <summary>Canonical numbers become elements as kernels have them, x * 2^32 mod p.</summary>
    /// <param name="words">All below p.</param>
    public static void FromCanonical(Span<uint> words)
    {
        fixed (uint* elements = words)
        {
            var loop = new ScalePlaneLoop(elements, Felt.FromMontgomery(Felt.SquareOfRadix));
            FieldLoop.Run(ref loop, 0, words.Length);
        }
    }

    private static void Check(int length, int at, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(at);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, length - at);
    }

    private readonly struct MultiplyLoop(uint* a, uint* b, uint* result) : IFieldLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public nint Run<TLanes, TVector>(nint start, nint end)
            where TLanes : struct, IFieldLanes<TVector>
            where TVector : struct
        {
            var i = start;
            for (; i + TLanes.Count <= end; i += TLanes.Count)
                TLanes.Store(ExtLanes<TLanes, TVector>.Multiply(TLanes.Load(unchecked(a + i)), TLanes.Load(unchecked(b + i))), unchecked(result + i));
            return i;
        }
    }

    private readonly struct ScalePlaneLoop(uint* a, Felt k) : IFieldLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public nint Run<TLanes, TVector>(nint start, nint end)
            where TLanes : struct, IFieldLanes<TVector>
            where TVector : struct
        {
            var factor = ExtLanes<TLanes, TVector>.BroadcastFactor(k);
            var i = start;
            for (; i + TLanes.Count <= end; i += TLanes.Count)
                TLanes.Store(ExtLanes<TLanes, TVector>.Multiply(TLanes.Load(unchecked(a + i)), factor), unchecked(a + i));
            return i;
        }
    }

    private readonly struct AddScaledLoop(uint* sums, Felt k, uint* terms) : IFieldLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public nint Run<TLanes, TVector>(nint start, nint end)
            where TLanes : struct, IFieldLanes<TVector>
            where TVector : struct
        {
            var factor = ExtLanes<TLanes, TVector>.BroadcastFactor(k);
            var i = start;
            for (; i + TLanes.Count <= end; i += TLanes.Count)
            {
                var product = ExtLanes<TLanes, TVector>.Multiply(TLanes.Load(unchecked(terms + i)), factor);
                TLanes.Store(TLanes.Add(TLanes.Load(unchecked(sums + i)), product), unchecked(sums + i));
            }
            return i;
        }
    }

    private readonly struct ToIntegersLoop(uint* a, int* result) : IFieldLoop
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public nint Run<TLanes, TVector>(nint start, nint end)
            where TLanes : struct, IFieldLanes<TVector>
            where TVector : struct
        {
            // Times 2^-32: out of Montgomery form.
            var one = ExtLanes<TLanes, TVector>.BroadcastFactor(Felt.FromMontgomery(1));
            var i = start;
            for (; i + TLanes.Count <= end; i += TLanes.Count)
                TLanes.StoreIntegers(ExtLanes<TLanes, TVector>.Multiply(TLanes.Load(unchecked(a + i)), one), unchecked(result + i));
            return i;
        }
    }
}
