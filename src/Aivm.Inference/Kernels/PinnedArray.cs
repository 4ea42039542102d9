using System.Numerics;
using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>Memory that does not move, aligned to 64 bytes, with room for a vector read past its end. Not cleared.</summary>
internal sealed unsafe class PinnedArray
{
    public const int Slack = 64;

    // Keeps the memory behind Pointer alive.
    private readonly byte[] _array;

    public PinnedArray(long bytes)
    {
        _array = GC.AllocateUninitializedArray<byte>(checked((int)(bytes + Slack + 64)), pinned: true);
        var start = (nuint)Unsafe.AsPointer(ref _array[0]);
        Pointer = (byte*)((start + 63) & ~(nuint)63);
        Length = bytes;
    }

    public byte* Pointer { get; }

    public long Length { get; }

    public static PinnedArray Of(ReadOnlySpan<int> values)
    {
        var array = new PinnedArray(values.Length * 4L);
        values.CopyTo(new Span<int>(array.Pointer, values.Length));
        return array;
    }

    public static PinnedArray Of(ReadOnlySpan<long> values)
    {
        var array = new PinnedArray(values.Length * 8L);
        values.CopyTo(new Span<long>(array.Pointer, values.Length));
        return array;
    }

    /// <summary>A constant in the machine's byte order.</summary>
    public static PinnedArray Of(Constant constant)
    {
        var array = new PinnedArray(constant.Bytes.Length);
        if (BitConverter.IsLittleEndian)
        {
            constant.Bytes.CopyTo(new Span<byte>(array.Pointer, constant.Bytes.Length));
            return array;
        }
        for (var i = 0; i < constant.Count; i++)
            Elements.Store(array.Pointer, constant.Type, i, constant[i]);
        return array;
    }
}

/// <summary>Elements of any type as 64-bit numbers, for kernels whose time is elsewhere.</summary>
internal static unsafe class Elements
{
    public static long Load(byte* tensor, ElementType type, long index) => type switch
    {
        ElementType.S8 => ((sbyte*)tensor)[index],
        ElementType.S16 => ((short*)tensor)[index],
        ElementType.Rank => ((ushort*)tensor)[index],
        ElementType.S32 => ((int*)tensor)[index],
        _ => ((long*)tensor)[index],
    };

    /// <summary>All elements of a tensor.</summary>
    public static void Widen(byte* tensor, ElementType type, Span<long> values)
    {
        switch (type)
        {
            case ElementType.S8:
                Widen(new ReadOnlySpan<sbyte>(tensor, values.Length), values);
                break;
            case ElementType.S16:
                Widen(new ReadOnlySpan<short>(tensor, values.Length), values);
                break;
            case ElementType.S32:
                Widen(new ReadOnlySpan<int>(tensor, values.Length), values);
                break;
            case ElementType.S64:
                new ReadOnlySpan<long>(tensor, values.Length).CopyTo(values);
                break;
            default:
                Widen(new ReadOnlySpan<ushort>(tensor, values.Length), values);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen<T>(ReadOnlySpan<T> elements, Span<long> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = long.CreateTruncating(elements[i]);
    }

    /// <param name="value">Within the type's range: the analysis proved it.</param>
    public static void Store(byte* tensor, ElementType type, long index, long value)
    {
        switch (type)
        {
            case ElementType.S8:
                ((sbyte*)tensor)[index] = unchecked((sbyte)value);
                break;
            case ElementType.S16:
                ((short*)tensor)[index] = unchecked((short)value);
                break;
            case ElementType.Rank:
                ((ushort*)tensor)[index] = unchecked((ushort)value);
                break;
            case ElementType.S32:
                ((int*)tensor)[index] = unchecked((int)value);
                break;
            default:
                ((long*)tensor)[index] = value;
                break;
        }
    }
}
