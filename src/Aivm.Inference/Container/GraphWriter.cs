using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Aivm.Inference;

/// <summary>Writes a container's structure, little-endian. Constants get numbers in the order of their first use.</summary>
internal sealed class GraphWriter
{
    private readonly MemoryStream _bytes = new();
    private readonly Dictionary<Constant, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly List<Constant> _constants = [];

    public IReadOnlyList<Constant> Constants => _constants;

    public ReadOnlySpan<byte> Bytes => _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);

    public void Raw(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    public void Byte(int value) => _bytes.WriteByte(checked((byte)value));

    public void Flag(bool value) => Byte(value ? 1 : 0);

    public void UInt16(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, checked((ushort)value));
        Raw(bytes);
    }

    public void Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Raw(bytes);
    }

    public void Int64(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Raw(bytes);
    }

    /// <summary>A number that is not negative, in 4 bytes.</summary>
    public void Count(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        Int32(value);
    }

    public void Value(int number) => UInt16(number);

    public void Type(ElementType type) => Byte((byte)type);

    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Byte(bytes.Length);
        Raw(bytes);
    }

    public void Shape(Shape shape)
    {
        Byte(shape.Rank);
        foreach (var dimension in shape)
            Count(dimension);
    }

    public void Axes(ImmutableArray<int> axes)
    {
        Byte(axes.Length);
        foreach (var axis in axes)
            Byte(axis);
    }

    public void Constant(Constant constant)
    {
        if (!_numbers.TryGetValue(constant, out var number))
        {
            number = _constants.Count;
            _numbers.Add(constant, number);
            _constants.Add(constant);
        }
        UInt16(number);
    }

    public void Window(Window window)
    {
        foreach (var extent in (ReadOnlySpan<Extent>)[window.Kernel, window.Strides, window.Dilations])
        {
            UInt16(extent.Height);
            UInt16(extent.Width);
        }
        foreach (var side in (ReadOnlySpan<int>)[window.Padding.Top, window.Padding.Left, window.Padding.Bottom, window.Padding.Right])
            UInt16(side);
    }

    public void Requantise(Requantise requantise)
    {
        Type(requantise.Output);
        Count(requantise.Shifts.Length);
        foreach (var shift in requantise.Shifts)
            Byte(shift);
        switch (requantise.Activation)
        {
            case null:
                Byte(0);
                break;
            case Activation.Clamp(var low, var high):
                Byte(1);
                Int32(low);
                Int32(high);
                break;
            case Activation.Table(var low, var entries):
                Byte(2);
                Int32(low);
                Constant(entries);
                break;
        }
    }
}
