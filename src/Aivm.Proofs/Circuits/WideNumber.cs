using System.Collections.Immutable;

namespace Aivm.Proofs;

/// <summary>A part of a number: in each cell of a grid an integer that lies within an interval, whatever the prover does. No term means 1.</summary>
internal sealed record Limb(Expression? Term, long Low, long High)
{
    public long ValueAt(Func<int, long> read, int position, int channel) => Term is null ? 1 : Term.ValueAt(read, position, channel);
}

/// <summary>
/// A number in each cell of a grid that may be too large for the field: the sum over k of 2^(12 k) * limb k. Limbs need not be of 12 bits: a number
/// below 2^29 may be one limb, and a sum of numbers may be summed limb by limb.
/// </summary>
/// <param name="Step">Bits from one limb to the next, where they are not 12.</param>
internal sealed record WideNumber(ImmutableArray<Limb> Limbs, int Step = WideNumber.LimbBits)
{
    public const int LimbBits = 12;

    /// <summary>The factor of constants.</summary>
    public static WideNumber One { get; } = new([new Limb(null, 1, 1)]);

    public static WideNumber Of(Expression term, long low, long high) => new([new Limb(term, low, high)]);

    public (Int128 Low, Int128 High) Interval
    {
        get
        {
            var (low, high) = (Int128.Zero, Int128.Zero);
            for (var k = 0; k < Limbs.Length; k++)
            {
                low += (Int128)Limbs[k].Low << (Step * k);
                high += (Int128)Limbs[k].High << (Step * k);
            }
            return (low, high);
        }
    }

    public Int128 ValueAt(Func<int, long> read, int position, int channel)
    {
        var sum = Int128.Zero;
        for (var k = 0; k < Limbs.Length; k++)
            sum += (Int128)Limbs[k].ValueAt(read, position, channel) << (Step * k);
        return sum;
    }
}

/// <summary>A number times a public coefficient: one for all channels, or one for each.</summary>
internal sealed record WideSummand(WideNumber Number, ImmutableArray<Int128> Coefficients)
{
    public WideSummand(WideNumber number, Int128 coefficient)
        : this(number, [coefficient])
    {
    }

    public Int128 CoefficientOf(int channel) => Coefficients.Length == 1 ? Coefficients[0] : Coefficients[channel];
}

/// <summary>
/// How the numbers of an interval are cut into limbs: of 12 bits, unless something else is said, lowest first, the last within [TopLow, TopLow + 2^TopBits) with the number's sign.
/// A number has one such form.
/// </summary>
internal readonly record struct LimbCut(int Count, long TopLow, int TopBits, int LimbBits = WideNumber.LimbBits)
{
    public static LimbCut Of(Int128 low, Int128 high, int limbBits = WideNumber.LimbBits)
    {
        // The last limb's magnitude, at most.
        var (count, limit) = (1, (Int128)1 << limbBits);
        for (; high - low >= limit || low < -limit || high >= limit; count++)
            (low, high) = (low >> limbBits, high >> limbBits);
        return new LimbCut(count, (long)low, Storage.BitLength((int)(high - low)), limbBits);
    }

    /// <summary>The same, but a number below 2^16 stays whole: for limbs that no range check holds, only rows of a table.</summary>
    public static LimbCut OfEntry(Int128 low, Int128 high)
    {
        const int wholeBits = 16;
        return Int128.Max(-low, high) < 1 << wholeBits ? new LimbCut(1, (long)low, Storage.BitLength((int)(high - low))) : Of(low, high);
    }

    /// <summary>The largest number that fits.</summary>
    public long Most => (TopLow + (1L << TopBits) << (WideNumber.LimbBits * (Count - 1))) - 1;

    public long LimbOf(Int128 number, int limb)
    {
        var rest = number >> (LimbBits * limb);
        return (long)(limb == Count - 1 ? rest : rest & (((Int128)1 << LimbBits) - 1));
    }

    /// <inheritdoc cref="LimbOf(Int128, int)"/>
    public long LimbOf(long number, int limb)
    {
        // From 63 bits on nothing is left but the sign.
        var rest = number >> Math.Min(LimbBits * limb, 63);
        return limb == Count - 1 ? rest : rest & ((1L << LimbBits) - 1);
    }

    public (long Low, long High) IntervalOf(int limb) => limb == Count - 1 ? (TopLow, TopLow + (1L << TopBits) - 1) : (0, (1L << LimbBits) - 1);

    public int BitsOf(int limb) => limb == Count - 1 ? TopBits : LimbBits;
}

/// <summary>A committed number: a storage for each limb.</summary>
/// <param name="Checks">The limbs' range checks. None for a single cell whose range follows from what it is equal to.</param>
internal sealed record WideCells(ImmutableArray<Storage> Limbs, LimbCut Cut, ImmutableArray<LookupSite> Checks, WideNumber Number);

/// <summary>A sum of numbers with coefficients, by powers of 2^12: coefficients of limbs are cut into balanced digits of 12 bits.</summary>
internal sealed class DigitSums
{
    private readonly int _channels;
    private readonly List<List<(Limb Limb, long[] Factors)>> _digits = [];

    public DigitSums(int channels, IEnumerable<WideSummand> summands)
    {
        _channels = channels;
        foreach (var summand in summands)
            Add(summand);
    }

    public int Count => _digits.Count;

    private void Add(WideSummand summand)
    {
        for (var limb = 0; limb < summand.Number.Limbs.Length; limb++)
            Add(summand.Number.Limbs[limb], [.. summand.Coefficients.Select(coefficient => coefficient << (summand.Number.Step * limb))]);
    }

    private void Add(Limb limb, Int128[] rest)
    {
        for (var digit = 0; Array.Exists(rest, number => number != 0); digit++)
        {
            var factors = new long[rest.Length];
            for (var c = 0; c < rest.Length; c++)
            {
                factors[c] = (long)((rest[c] + Half) & ((2 * Half) - 1)) - Half;
                rest[c] = (rest[c] - factors[c]) >> WideNumber.LimbBits;
            }
            if (Array.Exists(factors, factor => factor != 0))
                At(digit).Add((limb, factors));
        }
    }

    private const int Half = 1 << (WideNumber.LimbBits - 1);

    private List<(Limb Limb, long[] Factors)> At(int digit)
    {
        while (_digits.Count <= digit)
            _digits.Add([]);
        return _digits[digit];
    }

    /// <summary>Where the sum of some digits lies, each times its power of 2^12 less that of the first, in every channel.</summary>
    public (Int128 Low, Int128 High) IntervalOf(int first, int count)
    {
        var (least, most) = (Int128.Zero, Int128.Zero);
        for (var c = 0; c < _channels; c++)
        {
            var (low, high) = (Int128.Zero, Int128.Zero);
            for (var d = 0; d < count; d++)
                foreach (var (limb, factors) in _digits[first + d])
                {
                    var factor = (Int128)factors[factors.Length == 1 ? 0 : c] << (WideNumber.LimbBits * d);
                    low += Int128.Min(factor * limb.Low, factor * limb.High);
                    high += Int128.Max(factor * limb.Low, factor * limb.High);
                }
            (least, most) = (Int128.Min(least, low), Int128.Max(most, high));
        }
        return (least, most);
    }

    /// <summary>That sum for an equality.</summary>
    public IEnumerable<Summand> SummandsOf(int first, int count)
    {
        for (var d = 0; d < count; d++)
            foreach (var (limb, factors) in _digits[first + d])
            {
                var scale = Felt.From(1L << (WideNumber.LimbBits * d));
                yield return new Summand(0, limb.Term, [.. factors.Select(factor => Felt.From(factor) * scale)]);
            }
    }
}
