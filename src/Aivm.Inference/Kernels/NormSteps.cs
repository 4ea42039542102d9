namespace Aivm.Inference;

/// <summary>See <see cref="LayerNormNode"/>. The analysis bounds every sum below 2^62.</summary>
internal sealed unsafe class LayerNormStep(LayerNormNode node, Tensor source, Tensor destination) : Step
{
    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = (short*)(memory + destination.Block.Offset);
        var length = source.Info.Shape.Last;
        for (var start = 0L; start < source.Elements; start += length)
        {
            var mean = node.Centred ? Mean(from, start, length) : 0;
            var squares = 0L;
            for (var i = 0; i < length; i++)
            {
                var d = (Elements.Load(from, source.Type, start + i) << node.Fraction) - mean;
                squares += d * d;
            }
            var deviation = SquareRoot.Floor(((squares + (length / 2)) / length) + node.Epsilon);
            for (var i = 0; i < length; i++)
            {
                var d = (Elements.Load(from, source.Type, start + i) << node.Fraction) - mean;
                var y = Division.Floor((d << node.OutputExponent) + (deviation / 2), deviation);
                to[start + i] = (short)Math.Clamp(y, -ElementTypes.MaxOf(ElementType.S16), ElementTypes.MaxOf(ElementType.S16));
            }
        }
    }

    private long Mean(byte* from, long start, int length)
    {
        var sum = 0L;
        for (var i = 0; i < length; i++)
            sum += Elements.Load(from, source.Type, start + i);
        return Division.Floor((sum << node.Fraction) + (length / 2), length);
    }
}

/// <summary>See <see cref="NormaliseNode"/>.</summary>
internal sealed unsafe class NormaliseStep(NormaliseNode node, Tensor source, Tensor destination) : Step
{
    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = (int*)(memory + destination.Block.Offset);
        var length = source.Info.Shape.Last;
        for (var start = 0L; start < source.Elements; start += length)
        {
            var norm = NormOf(from, start, length);
            var sign = norm < 0 ? -1 : 1;
            for (var i = 0; i < length; i++)
                to[start + i] = norm == 0 ? 0 : Quotient(sign * Elements.Load(from, source.Type, start + i), sign * norm);
        }
    }

    private int Quotient(long x, long norm)
    {
        var scaled = ((Int128)x << node.OutputExponent) + (norm / 2);
        var quotient = scaled >= 0 ? scaled / norm : -((-scaled + norm - 1) / norm);
        return (int)Int128.Clamp(quotient, -int.MaxValue, int.MaxValue);
    }

    private long NormOf(byte* from, long start, int length)
    {
        var norm = node.Norm == Norm.Max ? long.MinValue : 0;
        for (var i = 0; i < length; i++)
        {
            var x = Elements.Load(from, source.Type, start + i);
            norm = node.Norm switch
            {
                Norm.Max => Math.Max(norm, x),
                Norm.L1 => norm + Math.Abs(x),
                _ => norm + (x * x),
            };
        }
        return node.Norm == Norm.L2 ? SquareRoot.Floor(norm) : norm;
    }
}

internal static class Division
{
    /// <summary>The floor of a quotient; the divisor is positive.</summary>
    public static long Floor(long dividend, long divisor)
    {
        var quotient = dividend / divisor;
        return dividend % divisor < 0 ? quotient - 1 : quotient;
    }
}

internal static class SquareRoot
{
    /// <summary>The largest r with r * r at most x; x is not negative. Newton's iteration from above falls until it is there.</summary>
    public static long Floor(long x)
    {
        if (x < 2)
            return x;
        var root = 1L << ((65 - System.Numerics.BitOperations.LeadingZeroCount((ulong)x)) / 2);
        while (true)
        {
            var next = (root + (x / root)) / 2;
            if (next >= root)
                return root;
            root = next;
        }
    }
}
