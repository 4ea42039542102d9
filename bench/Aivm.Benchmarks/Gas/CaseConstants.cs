using Aivm.Inference;

namespace Aivm.Benchmarks.Gas;

/// <summary>Constants and finishes of cases: random, the same in each run.</summary>
internal static class CaseConstants
{
    public static Constant Weights(Shape shape, int limit = 127) => Constant.S8(shape, [.. Random((int)shape.Elements, limit).Select(x => (sbyte)x)]);

    public static Constant Bias(int count) => Constant.S32([count], [.. Random(count, 1000).Select(x => (int)x)]);

    public static Constant S64(Shape shape, long limit) => Constant.S64(shape, [.. Random((int)shape.Elements, limit)]);

    public static Constant Of(ElementType type, Shape shape, long limit)
    {
        var values = Random((int)shape.Elements, limit);
        return type switch
        {
            ElementType.S8 => Constant.S8(shape, [.. values.Select(x => (sbyte)x)]),
            ElementType.S16 => Constant.S16(shape, [.. values.Select(x => (short)x)]),
            ElementType.S32 => Constant.S32(shape, [.. values.Select(x => (int)x)]),
            _ => Constant.S64(shape, [.. values]),
        };
    }

    public static Requantise Clamp8(int shift = 4) => Requantise.To(ElementType.S8, shift);

    public static Requantise Clamp16(int shift = 2) => Requantise.To(ElementType.S16, shift);

    public static Requantise Raw => Requantise.Raw([0]);

    /// <summary>256 entries for results around zero.</summary>
    public static Requantise Table8(int shift = 8) =>
        Requantise.To(ElementType.S8, [(byte)shift], new Activation.Table(-128, Of(ElementType.S8, [256], 127)));

    /// <summary>The largest table there is.</summary>
    public static Requantise Table16(int shift = 0) =>
        Requantise.To(ElementType.S16, [(byte)shift], new Activation.Table(-32768, Of(ElementType.S16, [65536], 32767)));

    public static long[] Random(int count, long limit)
    {
        var random = new Random(2);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(-limit, limit + 1))];
    }
}
