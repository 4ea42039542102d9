using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aivm.Proofs;

/// <summary>
/// Base elements in Montgomery form, aligned to 64 bytes and followed by zeros up to a multiple of <see cref="Granule"/>.
/// The memory is not the collector's: whoever creates an array disposes of it.
/// </summary>
internal sealed unsafe class FeltArray : IDisposable
{
    /// <summary>Elements of the widest vector. Arrays end on a whole one.</summary>
    public const int Granule = 16;

    /// <summary>Arrays whose lengths are a power of two, one behind another, would share the few cache lines of one set: five lines more keep them apart.</summary>
    public const int Stagger = 5 * Granule;

    private FieldMemory _memory;

    /// <summary>All zero.</summary>
    public FeltArray(int length) => Resize(length);

    private FeltArray(FieldMemory memory, int length) => (_memory, Length) = (memory, length);

    /// <summary>One of any content, for who writes every element.</summary>
    public static FeltArray Uninitialised(int length)
    {
        var array = new FeltArray(default, length);
        array._memory.Reserve(Padded(length));
        new Span<uint>(array.Data, Padded(length))[length..].Clear();
        return array;
    }

    /// <summary>One that nobody has to dispose of: for what lives in caches. All zero. Whoever reads it keeps it reachable until the end.</summary>
    public static FeltArray Collected(int length) => new(FieldMemory.Collected(Padded(length)), length);

    public int Length { get; private set; }

    /// <summary>The first element, as x * 2^32 mod p.</summary>
    public uint* Data => _memory.Pointer;

    public Felt this[int index]
    {
        get => Felt.FromMontgomery(Data[Checked(index)]);
        set => Data[Checked(index)] = value.Montgomery;
    }

    /// <summary>The elements from one on.</summary>
    public uint* At(int index)
    {
        Debug.Assert(index >= 0 && index <= Length);
        return unchecked(Data + index);
    }

    public Span<uint> AsSpan() => new(Data, Length);

    /// <summary>Another length and all zero, in the same memory where it is large enough: how work space is used again.</summary>
    public void Resize(int length)
    {
        _memory.Reserve(Padded(length));
        Length = length;
        Clear();
    }

    public void Clear() => new Span<uint>(Data, Padded(Length)).Clear();

    public void Dispose() => _memory.Free();

    internal static int Padded(int length) => checked(length + Granule - 1) & -Granule;

    private int Checked(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unchecked((uint)index), (uint)Length);
        return index;
    }
}

/// <summary>
/// Elements of the extension as four planes of coefficients, each like a <see cref="FeltArray"/>.
/// Whoever creates an array disposes of it.
/// </summary>
internal sealed unsafe class ExtArray : IDisposable
{
    private FieldMemory _memory;
    private int _stride;

    /// <summary>All zero.</summary>
    public ExtArray(int length) => Resize(length);

    private ExtArray()
    {
    }

    /// <summary>One of any content, for who writes every element.</summary>
    public static ExtArray Uninitialised(int length)
    {
        var array = new ExtArray();
        array.ResizeUninitialised(length);
        return array;
    }

    public static ExtArray Of(ReadOnlySpan<Ext4> elements)
    {
        var array = new ExtArray(elements.Length);
        for (var i = 0; i < elements.Length; i++)
            array[i] = elements[i];
        return array;
    }

    public int Length { get; private set; }

    /// <summary>Coefficients of x^k, as c * 2^32 mod p.</summary>
    public uint* Plane(int k)
    {
        Debug.Assert(k is >= 0 and < Ext4.Degree);
        return unchecked(_memory.Pointer + ((nint)k * _stride));
    }

    public Ext4 this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unchecked((uint)index), (uint)Length);
            return At(0)[index];
        }
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unchecked((uint)index), (uint)Length);
            var elements = At(0);
            elements[index] = value;
        }
    }

    /// <summary>The four planes from an element on.</summary>
    public ExtPointer At(int index)
    {
        Debug.Assert(index >= 0 && index <= Length);
        return unchecked(new(_memory.Pointer + index, _stride));
    }

    /// <summary>this[index] = from[at].</summary>
    public void Copy(int index, ExtArray from, int at)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unchecked((uint)index), (uint)Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unchecked((uint)at), (uint)from.Length);
        unchecked
        {
            uint* target = _memory.Pointer + index, source = from._memory.Pointer + at;
            for (var k = 0; k < Ext4.Degree; k++, target += _stride, source += from._stride)
                *target = *source;
        }
    }

    public Span<uint> AsSpan(int plane) => new(Plane(plane), Length);

    public Ext4[] ToArray()
    {
        var elements = new Ext4[Length];
        for (var i = 0; i < elements.Length; i++)
            elements[i] = this[i];
        return elements;
    }

    /// <summary>Another length and all zero, in the same memory where it is large enough: how work space is used again.</summary>
    public void Resize(int length)
    {
        Reserve(length);
        Clear();
    }

    /// <summary>Another length and any content, for who writes every element.</summary>
    public void ResizeUninitialised(int length)
    {
        Reserve(length);
        ClearPadding();
    }

    /// <summary>Fewer elements, those at the start: what folding leaves.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(unchecked((uint)length), (uint)Length);
        Length = length;
        ClearPadding();
    }

    public void Clear()
    {
        for (var k = 0; k < Ext4.Degree; k++)
            new Span<uint>(Plane(k), FeltArray.Padded(Length)).Clear();
    }

    /// <summary>Clears so many elements from one on.</summary>
    public void Clear(int first, int count)
    {
        for (var k = 0; k < Ext4.Degree; k++)
            AsSpan(k).Slice(first, count).Clear();
    }

    public void Dispose() => _memory.Free();

    private void Reserve(int length)
    {
        _stride = checked(FeltArray.Padded(length) + FeltArray.Stagger);
        _memory.Reserve((long)Ext4.Degree * _stride);
        Length = length;
    }

    private void ClearPadding()
    {
        for (var k = 0; k < Ext4.Degree; k++)
            new Span<uint>(Plane(k), FeltArray.Padded(Length))[Length..].Clear();
    }
}

/// <summary>Four planes, for kernels.</summary>
internal readonly unsafe struct ExtPointer(uint* plane0, nint stride)
{
    public readonly uint* C0 = plane0;
    public readonly uint* C1 = unchecked(plane0 + stride);
    public readonly uint* C2 = unchecked(plane0 + (2 * stride));
    public readonly uint* C3 = unchecked(plane0 + (3 * stride));

    public Ext4 this[nint index]
    {
        get => new(
            Felt.FromMontgomery(C0[index]), Felt.FromMontgomery(C1[index]), Felt.FromMontgomery(C2[index]), Felt.FromMontgomery(C3[index]));
        set => (C0[index], C1[index], C2[index], C3[index]) = (value.C0.Montgomery, value.C1.Montgomery, value.C2.Montgomery, value.C3.Montgomery);
    }
}

/// <summary>Memory aligned to cache lines, or to large pages. It only grows.</summary>
internal unsafe struct FieldMemory
{
    private const int Alignment = 64;

    /// <summary>Words that this thread took and did not free: a verifier leaves them as they were.</summary>
    [ThreadStatic]
    internal static long HeldWords;

    private long _capacity;
    private uint[]? _collected;

    /// <summary>So many words of zeros, which the garbage collector frees.</summary>
    public static FieldMemory Collected(int words)
    {
        var array = GC.AllocateArray<uint>(checked(words + (Alignment / sizeof(uint))), pinned: true);
        var first = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
        return new FieldMemory { _collected = array, _capacity = words, Pointer = (uint*)((first + Alignment - 1) & ~(nuint)(Alignment - 1)) };
    }

    public uint* Pointer { get; private set; }

    /// <summary>Room for so many words, of any content.</summary>
    public void Reserve(long words)
    {
        if (words <= _capacity)
            return;
        Free();
        var bytes = checked((nuint)words * sizeof(uint));
        Pointer = (uint*)BlockPool.Take(ref bytes);
        _capacity = (long)bytes / sizeof(uint);
        HeldWords += _capacity;
    }

    public void Free()
    {
        if (_collected is null)
        {
            BlockPool.Give(Pointer, (nuint)_capacity * sizeof(uint));
            HeldWords -= _capacity;
        }
        Pointer = null;
        _collected = null;
        _capacity = 0;
    }
}
