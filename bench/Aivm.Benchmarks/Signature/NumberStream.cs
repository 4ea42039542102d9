using Aivm.Inference;

namespace Aivm.Benchmarks.Signature;

/// <summary>SplitMix64: numbers that stay the same for ever, whatever .NET does with its own.</summary>
internal sealed class NumberStream(ulong state)
{
    private ulong _state = state;

    public ulong Word()
    {
        unchecked
        {
            var z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>0 to <paramref name="count"/> - 1.</summary>
    public long Next(long count) => (long)(Word() % (ulong)count);

    public long Between(long low, long high) => low + Next(high - low + 1);

    /// <param name="limit">The largest magnitude; 0 for the type's.</param>
    public Constant Constant(ElementType type, Shape shape, long limit = 0)
    {
        limit = limit > 0 ? limit : ElementTypes.MaxOf(type) >> (type == ElementType.S32 ? 2 : 0);
        var values = new long[shape.Elements];
        for (var i = 0; i < values.Length; i++)
            values[i] = Between(-limit, limit);
        return type switch
        {
            ElementType.S8 => Aivm.Inference.Constant.S8(shape, [.. values.Select(value => (sbyte)value)]),
            ElementType.S16 => Aivm.Inference.Constant.S16(shape, [.. values.Select(value => (short)value)]),
            ElementType.S32 => Aivm.Inference.Constant.S32(shape, [.. values.Select(value => (int)value)]),
            _ => Aivm.Inference.Constant.S64(shape, values),
        };
    }
}
