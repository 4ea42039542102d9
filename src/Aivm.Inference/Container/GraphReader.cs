using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>
/// Reads what <see cref="GraphWriter"/> wrote. After a fault it answers with zeros and empty lists, and keeps the first <see cref="Fault"/>:
/// whoever reads looks once, at the end. Nothing is allocated that the remaining bytes do not pay for.
/// </summary>
internal ref struct GraphReader
{
    private static readonly Constant NoConstant = Inference.Constant.S8([0], []);

    private readonly ReadOnlySpan<Constant> _constants;
    private ReadOnlySpan<byte> _bytes;
    private int _constantsSeen;

    public GraphReader(ReadOnlySpan<byte> bytes, ReadOnlySpan<Constant> constants)
    {
        _bytes = bytes;
        _constants = constants;
    }

    public Error? Fault { get; private set; }

    public readonly int Remaining => _bytes.Length;

    /// <summary>Whether everything was read and every constant was referred to.</summary>
    public bool End()
    {
        if (Fault is null && _bytes.Length > 0)
            Fail("container-trailing", $"{_bytes.Length} bytes too many");
        if (Fault is null && _constantsSeen != _constants.Length)
            Fail("container-malformed", "a constant that no node refers to");
        return Fault is null;
    }

    public void Fail(string code, string message)
    {
        Fault ??= new Error(code, message);
        _bytes = default;
    }

    public ReadOnlySpan<byte> Raw(int length)
    {
        if (length > _bytes.Length)
        {
            Fail("container-truncated", "the container ends inside a field");
            return default;
        }
        var taken = _bytes[..length];
        _bytes = _bytes[length..];
        return taken;
    }

    public int Byte() => Raw(1) is [var value] ? value : 0;

    public bool Flag()
    {
        var value = Byte();
        if (value > 1)
            Fail("container-malformed", $"a flag of {value}");
        return value == 1;
    }

    public int UInt16() => Raw(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : 0;

    public int Int32() => Raw(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : 0;

    public long Int64() => Raw(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 0;

    public int Count(int limit)
    {
        var value = Int32();
        if (value >= 0 && value <= limit)
            return value;
        Fail("container-malformed", $"a count of {unchecked((uint)value)} where at most {limit} is possible");
        return 0;
    }

    public int Value() => UInt16();

    public ElementType Type()
    {
        var type = (ElementType)Byte();
        if (!ElementTypes.IsDefined(type))
            Fail("container-malformed", $"element type {(byte)type}");
        return type;
    }

    public string Text()
    {
        var bytes = Raw(Byte());
        if (Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        Fail("container-malformed", "a name that is no UTF-8");
        return "";
    }

    public Shape Shape()
    {
        Span<int> dimensions = stackalloc int[Rank()];
        foreach (ref var dimension in dimensions)
            dimension = Count(int.MaxValue);
        return Inference.Shape.Create(dimensions);
    }

    private int Rank()
    {
        var rank = Byte();
        if (rank <= GraphAnalysis.MaxRank)
            return rank;
        Fail("container-malformed", $"{rank} dimensions; at most {GraphAnalysis.MaxRank}");
        return 0;
    }

    public ImmutableArray<int> Axes()
    {
        var axes = new int[Rank()];
        foreach (ref var axis in axes.AsSpan())
            axis = Byte();
        return [.. axes];
    }

    /// <summary>Constants are numbered in the order of their first use, so that a graph has one encoding.</summary>
    public Constant Constant()
    {
        var number = UInt16();
        if (number > _constantsSeen || number >= _constants.Length)
        {
            Fail("container-malformed", $"constant {number} where at most {_constantsSeen} of {_constants.Length} is possible");
            return NoConstant;
        }
        _constantsSeen = Math.Max(_constantsSeen, number + 1);
        return _constants[number];
    }

    public Window Window() => new()
    {
        Kernel = Extent(),
        Strides = Extent(),
        Dilations = Extent(),
        Padding = new Padding(UInt16(), UInt16(), UInt16(), UInt16()),
    };

    private Extent Extent() => new(UInt16(), UInt16());

    public Requantise Requantise() => new()
    {
        Output = Type(),
        Shifts = Shifts(),
        Activation = Activation(),
    };

    private ImmutableArray<byte> Shifts()
    {
        var shifts = Raw(Count(Remaining));
        if (shifts.Length == 0)
            Fail("container-malformed", "no shift");
        return shifts.Length == 0 ? [0] : [.. shifts];
    }

    private Activation? Activation()
    {
        switch (Byte())
        {
            case 0:
                return null;
            case 1:
                return new Activation.Clamp(Int32(), Int32());
            case 2:
                return new Activation.Table(Int32(), Constant());
            case var tag:
                Fail("container-malformed", $"activation {tag}");
                return null;
        }
    }
}
