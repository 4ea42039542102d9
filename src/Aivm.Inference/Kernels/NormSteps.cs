using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>See <see cref="LayerNormNode"/>. The analysis bounds every sum below 2^62.</summary>
internal sealed unsafe class LayerNormStep(LayerNormNode node, Tensor source, Tensor destination, SimdLevel level) : Step
{
    private readonly int _length = source.Info.Shape.Last;
    private readonly Divisor _byLength = new(source.Info.Shape.Last);

    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = (short*)(memory + destination.Block.Offset);
        switch (source.Type)
        {
            case ElementType.S8:
                Run((sbyte*)from, to);
                break;
            case ElementType.S16:
                Run((short*)from, to);
                break;
            default:
                Run((int*)from, to);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<T>(T* row, short* to)
        where T : unmanaged, IBinaryInteger<T>
    {
        unchecked
        {
            for (var end = row + source.Elements; row < end; row += _length, to += _length)
            {
                var (sum, squares) = Rows.Moments(level, row, _length);
                var mean = node.Centred ? _byLength.Floor((sum << node.Fraction) + (_length / 2)) : 0;
                // The sum of (x * 2^f - m)^2; what leaves 64 bits on the way comes back.
                var spread = (squares << (2 * node.Fraction)) - (2 * mean * (sum << node.Fraction)) + (_length * mean * mean);
                var deviation = SquareRoot.Floor(_byLength.Floor(spread + (_length / 2)) + node.Epsilon);
                Divide(row, to, mean, deviation);
            }
        }
    }

    private void Divide<T>(T* row, short* to, long mean, long deviation)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (QuotientsAvx2.TryCreate(level, deviation, node.OutputExponent, out var quotients))
            DivideLanes(row, to, mean, deviation, quotients);
        else
            DivideEach(row, to, mean, deviation, 0, _length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DivideLanes<T>(T* row, short* to, long mean, long deviation, QuotientsAvx2 quotients)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (means, lowest) = (Vector256.Create((int)mean), Vector128.Create((short)-short.MaxValue));
        var (fraction, length, done) = (node.Fraction, _length, 0);
        unchecked
        {
            for (; done <= length - 8; done += 8)
            {
                // |d| is below 2^31.
                var d = (Rows.Widen<T, Lanes256>(row + done).Vector << fraction) - means;
                if (quotients.TryDivide(d, out var results))
                    Vector128.Max(Lanes256.Narrow(new(results)), lowest).Store(to + done);
                else
                    DivideEach(row, to, mean, deviation, done, done + 8);
            }
        }
        DivideEach(row, to, mean, deviation, done, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DivideEach<T>(T* row, short* to, long mean, long deviation, int start, int end)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (divisor, half) = (new Divisor(deviation), deviation / 2);
        var (fraction, exponent) = (node.Fraction, node.OutputExponent);
        unchecked
        {
            for (var i = start; i < end; i++)
            {
                var d = (long.CreateTruncating(row[i]) << fraction) - mean;
                to[i] = (short)Math.Clamp(divisor.Floor((d << exponent) + half), -short.MaxValue, short.MaxValue);
            }
        }
    }
}

/// <summary>See <see cref="NormaliseNode"/>.</summary>
internal sealed unsafe class NormaliseStep(NormaliseNode node, Tensor source, Tensor destination) : Step
{
    // What is divided stays within 64 bits, half the norm included.
    private readonly bool _fits = (Int128)source.Info.Magnitude << node.OutputExponent < GraphAnalysis.WideBound;

    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = (int*)(memory + destination.Block.Offset);
        switch (source.Type)
        {
            case ElementType.S8:
                Run((sbyte*)from, to);
                break;
            case ElementType.S16:
                Run((short*)from, to);
                break;
            case ElementType.S32:
                Run((int*)from, to);
                break;
            default:
                Run((long*)from, to);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<T>(T* row, int* to)
        where T : unmanaged, IBinaryInteger<T>
    {
        var length = source.Info.Shape.Last;
        for (var end = row + source.Elements; row < end; row += length, to += length)
        {
            var norm = NormOf(row, length);
            if (norm == 0)
                new Span<int>(to, length).Clear();
            else if (_fits)
                Divide(row, to, length, norm);
            else
                DivideWide(row, to, length, norm);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Divide<T>(T* row, int* to, int length, long norm)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (sign, size) = norm < 0 ? (-1, -norm) : (1, norm);
        var (divisor, half, exponent) = (new Divisor(size), size / 2, node.OutputExponent);
        unchecked
        {
            for (var i = 0; i < length; i++)
                to[i] = (int)Math.Clamp(divisor.Floor(((sign * long.CreateTruncating(row[i])) << exponent) + half), -int.MaxValue, int.MaxValue);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DivideWide<T>(T* row, int* to, int length, long norm)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (sign, size) = norm < 0 ? (-1, -norm) : (1, norm);
        for (var i = 0; i < length; i++)
        {
            var scaled = ((Int128)(sign * long.CreateTruncating(row[i])) << node.OutputExponent) + (size / 2);
            var quotient = scaled >= 0 ? scaled / size : -((-scaled + size - 1) / size);
            to[i] = (int)Int128.Clamp(quotient, -int.MaxValue, int.MaxValue);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long NormOf<T>(T* row, int length)
        where T : unmanaged, IBinaryInteger<T>
    {
        var norm = node.Norm == Norm.Max ? long.CreateTruncating(row[0]) : 0;
        unchecked
        {
            for (var i = 0; i < length; i++)
            {
                var x = long.CreateTruncating(row[i]);
                norm = node.Norm switch
                {
                    Norm.Max => Math.Max(norm, x),
                    Norm.L1 => norm + Math.Abs(x),
                    _ => norm + (x * x),
                };
            }
        }
        return node.Norm == Norm.L2 ? SquareRoot.Floor(norm) : norm;
    }
}
