using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Proofs;

/// <summary>
/// The field in the lanes of a vector; kernels are written once, over this. A vector holds either elements, one a lane of 32 bits,
/// below p in Montgomery form, or <em>wide</em> sums of products, one for each two lanes, of 64 bits. The products of two vectors are
/// two wide vectors, those of even lanes and those of odd lanes (<see cref="Pair{TVector}"/>). p^2 is 0.47 times 2^32 p, so that four products fit
/// into 64 bits; sums are reduced once, at the end.
/// </summary>
internal unsafe interface IFieldLanes<TVector>
    where TVector : struct
{
    /// <summary>Elements in a vector.</summary>
    static abstract int Count { get; }

    static abstract TVector Load(uint* from);

    static abstract void Store(TVector elements, uint* to);

    static abstract TVector Broadcast(uint element);

    /// <summary>Integers, as numbers below 2^32 that are the same modulo p.</summary>
    static abstract TVector LoadIntegers(sbyte* from);

    static abstract TVector LoadIntegers(short* from);

    static abstract TVector LoadIntegers(int* from);

    /// <summary>Numbers below p, each as the integer of least magnitude that is the same modulo p.</summary>
    static abstract void StoreIntegers(TVector numbers, int* to);

    /// <summary>One, in Montgomery form, for each zero, and zero for anything else.</summary>
    static abstract TVector OneForZero(TVector elements);

    static abstract TVector Or(TVector a, TVector b);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    /// <summary>Odd lanes in the places of even ones. What the odd lanes hold then is of no account.</summary>
    static abstract TVector Odd(TVector elements);

    /// <summary>The high halves of wide sums, in the places of the low ones. What the high halves hold then is of no account.</summary>
    static abstract TVector High(TVector wide);

    /// <summary>Wide products of even lanes, or of the low halves of wide sums.</summary>
    static abstract TVector MultiplyEven(TVector a, TVector b);

    static abstract TVector AddWide(TVector a, TVector b);

    /// <summary>Takes 2^32 p off sums that are not below it: any sum below 2^33 p becomes one below 2^32 p, the same modulo p.</summary>
    static abstract TVector Trim(TVector wide);

    /// <summary>The elements x * 2^-32 mod p, for wide sums x below 2^32 p: two products.</summary>
    static abstract TVector Reduce(TVector even, TVector odd);

    /// <summary>The same for sums below 2^33 p: four products.</summary>
    static abstract TVector ReduceLong(TVector even, TVector odd);
}

/// <summary>Something for even lanes and something for odd lanes: an operand made ready for products, or wide products.</summary>
internal readonly struct Pair<TVector>(TVector even, TVector odd)
    where TVector : struct
{
    public readonly TVector Even = even;
    public readonly TVector Odd = odd;
}

/// <summary>Elements of the extension, a vector for each coefficient.</summary>
internal readonly struct ExtVector<TVector>(TVector c0, TVector c1, TVector c2, TVector c3)
    where TVector : struct
{
    public readonly TVector C0 = c0;
    public readonly TVector C1 = c1;
    public readonly TVector C2 = c2;
    public readonly TVector C3 = c3;
}

/// <summary>Wide sums for the coefficients of extension elements: trimmed, each below 2^32 p, unless something else is said.</summary>
internal struct ExtSum<TVector>
    where TVector : struct
{
    public Pair<TVector> C0;
    public Pair<TVector> C1;
    public Pair<TVector> C2;
    public Pair<TVector> C3;
}

/// <summary>Sixteen elements.</summary>
internal readonly unsafe struct Avx512Lanes : IFieldLanes<Vector512<uint>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Load(uint* from) => Vector512.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<uint> elements, uint* to) => elements.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint element) => Vector512.Create(element);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> LoadIntegers(sbyte* from) => NotNegative(Avx512F.ConvertToVector512Int32(Vector128.Load(from)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> LoadIntegers(short* from) => NotNegative(Avx512F.ConvertToVector512Int32(Vector256.Load(from)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> LoadIntegers(int* from) => NotNegative(Vector512.Load(from));

    /// <summary>Adds 2 p to what is below zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> NotNegative(Vector512<int> integers) =>
        integers.AsUInt32() + ((integers >> 31).AsUInt32() & Vector512.Create(2 * Felt.Modulus));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreIntegers(Vector512<uint> numbers, int* to) =>
        (Add(numbers, Vector512.Create(Felt.Modulus / 2)) - Vector512.Create(Felt.Modulus / 2)).AsInt32().Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> OneForZero(Vector512<uint> elements) =>
        Vector512.Equals(elements, Vector512<uint>.Zero) & Vector512.Create(Felt.MontgomeryOne);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Or(Vector512<uint> a, Vector512<uint> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> a, Vector512<uint> b)
    {
        var sum = a + b;
        return Vector512.Min(sum, sum - Vector512.Create(Felt.Modulus));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Subtract(Vector512<uint> a, Vector512<uint> b)
    {
        var difference = a - b;
        return Vector512.Min(difference, difference + Vector512.Create(Felt.Modulus));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Odd(Vector512<uint> elements) => Avx512F.Shuffle(elements, 0b11_11_01_01);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> High(Vector512<uint> wide) => Odd(wide);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> MultiplyEven(Vector512<uint> a, Vector512<uint> b) => Avx512F.Multiply(a, b).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> AddWide(Vector512<uint> a, Vector512<uint> b) => (a.AsUInt64() + b.AsUInt64()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Trim(Vector512<uint> wide) => Vector512.Min(wide, wide - Vector512.Create((ulong)Felt.Modulus << 32).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Reduce(Vector512<uint> even, Vector512<uint> odd)
    {
        // Low halves are the same, so that no borrow reaches the high ones.
        var difference = High(even - Multiple(even), odd - Multiple(odd));
        return Vector512.Min(difference, difference + Vector512.Create(Felt.Modulus));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> ReduceLong(Vector512<uint> even, Vector512<uint> odd)
    {
        var high = High(even, odd);
        return Subtract(Vector512.Min(high, high - Vector512.Create(Felt.Modulus)), High(Multiple(even), Multiple(odd)));
    }

    /// <summary>The multiple of p, below 2^32 p, with the same low halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Multiple(Vector512<uint> wide) =>
        MultiplyEven(MultiplyEven(wide, Vector512.Create(Felt.InverseOfModulus)), Vector512.Create(Felt.Modulus));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> High(Vector512<uint> even, Vector512<uint> odd) =>
        Avx512F.PermuteVar16x32x2(even, Vector512.Create(1u, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31), odd);
}

/// <summary>Eight elements.</summary>
internal readonly unsafe struct Avx2Lanes : IFieldLanes<Vector256<uint>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Load(uint* from) => Vector256.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<uint> elements, uint* to) => elements.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Broadcast(uint element) => Vector256.Create(element);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> LoadIntegers(sbyte* from) => NotNegative(Avx2.ConvertToVector256Int32(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> LoadIntegers(short* from) => NotNegative(Avx2.ConvertToVector256Int32(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> LoadIntegers(int* from) => NotNegative(Vector256.Load(from));

    /// <summary>Adds 2 p to what is below zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> NotNegative(Vector256<int> integers) =>
        integers.AsUInt32() + ((integers >> 31).AsUInt32() & Vector256.Create(2 * Felt.Modulus));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreIntegers(Vector256<uint> numbers, int* to) =>
        (Add(numbers, Vector256.Create(Felt.Modulus / 2)) - Vector256.Create(Felt.Modulus / 2)).AsInt32().Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> OneForZero(Vector256<uint> elements) =>
        Vector256.Equals(elements, Vector256<uint>.Zero) & Vector256.Create(Felt.MontgomeryOne);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Or(Vector256<uint> a, Vector256<uint> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Add(Vector256<uint> a, Vector256<uint> b)
    {
        var sum = a + b;
        return Vector256.Min(sum, sum - Vector256.Create(Felt.Modulus));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Subtract(Vector256<uint> a, Vector256<uint> b)
    {
        var difference = a - b;
        return Vector256.Min(difference, difference + Vector256.Create(Felt.Modulus));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Odd(Vector256<uint> elements) => Avx2.Shuffle(elements, 0b11_11_01_01);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> High(Vector256<uint> wide) => Odd(wide);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> MultiplyEven(Vector256<uint> a, Vector256<uint> b) => Avx2.Multiply(a, b).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> AddWide(Vector256<uint> a, Vector256<uint> b) => (a.AsUInt64() + b.AsUInt64()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Trim(Vector256<uint> wide) => Vector256.Min(wide, wide - Vector256.Create((ulong)Felt.Modulus << 32).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Reduce(Vector256<uint> even, Vector256<uint> odd)
    {
        // Low halves are the same, so that no borrow reaches the high ones.
        var difference = High(even - Multiple(even), odd - Multiple(odd));
        return Vector256.Min(difference, difference + Vector256.Create(Felt.Modulus));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ReduceLong(Vector256<uint> even, Vector256<uint> odd)
    {
        var high = High(even, odd);
        return Subtract(Vector256.Min(high, high - Vector256.Create(Felt.Modulus)), High(Multiple(even), Multiple(odd)));
    }

    /// <summary>The multiple of p, below 2^32 p, with the same low halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Multiple(Vector256<uint> wide) =>
        MultiplyEven(MultiplyEven(wide, Vector256.Create(Felt.InverseOfModulus)), Vector256.Create(Felt.Modulus));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> High(Vector256<uint> even, Vector256<uint> odd) => Avx2.Blend(Odd(even), odd, 0b10101010);
}

/// <summary>One element, in the low half of 64 bits. There are no odd lanes: what stands for them is zero.</summary>
internal readonly unsafe struct ScalarLanes : IFieldLanes<ulong>
{
    private const ulong Bound = (ulong)Felt.Modulus << 32;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load(uint* from) => *from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ulong elements, uint* to) => *to = unchecked((uint)elements);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Broadcast(uint element) => element;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LoadIntegers(sbyte* from) => NotNegative(*from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LoadIntegers(short* from) => NotNegative(*from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LoadIntegers(int* from) => NotNegative(*from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NotNegative(int integer) => Felt.NotNegative(integer);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreIntegers(ulong numbers, int* to) =>
        *to = unchecked((int)(Felt.Add((uint)numbers, Felt.Modulus / 2) - (Felt.Modulus / 2)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OneForZero(ulong elements) => elements == 0 ? Felt.MontgomeryOne : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Or(ulong a, ulong b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ulong a, ulong b) => Felt.Add(unchecked((uint)a), unchecked((uint)b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Subtract(ulong a, ulong b) => Felt.Subtract(unchecked((uint)a), unchecked((uint)b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Odd(ulong elements) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong High(ulong wide) => wide >> 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MultiplyEven(ulong a, ulong b) => unchecked((ulong)(uint)a * (uint)b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong AddWide(ulong a, ulong b) => unchecked(a + b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Trim(ulong wide)
    {
        var difference = unchecked(wide - Bound);
        return unchecked(difference + (Bound & (ulong)((long)difference >> 63)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Reduce(ulong even, ulong odd) => Felt.Reduce(even);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReduceLong(ulong even, ulong odd) => Felt.Reduce(Trim(even));
}
