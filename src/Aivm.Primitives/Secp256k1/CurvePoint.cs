namespace Aivm.Primitives;

/// <summary>
/// A point of y² = x³ + 7 in Jacobian coordinates: (X / Z², Y / Z³), at infinity when Z is zero. Runs in variable time: for public
/// data only.
/// </summary>
internal readonly struct CurvePoint(FieldElement x, FieldElement y, FieldElement z)
{
    private const int GeneratorWindow = 8;
    private const int PointWindow = 5;
    private const int Digits = 257;

    /// <summary>G, 3G, 5G, ...</summary>
    private static readonly CurvePoint[] GeneratorMultiples = OddMultiples(Generator(), GeneratorWindow);

    private readonly FieldElement _x = x;
    private readonly FieldElement _y = y;
    private readonly FieldElement _z = z;

    private static CurvePoint Infinity => default;

    private bool IsInfinity => _z.IsZero;

    /// <returns>False when no point has this x.</returns>
    public static bool TryLift(FieldElement x, bool odd, out CurvePoint point)
    {
        var isOnCurve = ((x.Square() * x) + FieldElement.Of(7)).TrySquareRoot(out var y);
        point = new CurvePoint(x, y.IsOdd == odd ? y : -y, FieldElement.One);
        return isOnCurve;
    }

    /// <summary>
    /// generatorFactor · G + pointFactor · point, both sums at once (Shamir's trick) over signed windows: one doubling a bit and one
    /// addition in about nine and in six.
    /// </summary>
    public static CurvePoint SumOfProducts(UInt256 generatorFactor, UInt256 pointFactor, in CurvePoint point)
    {
        var multiples = OddMultiples(point, PointWindow);
        Span<sbyte> generatorDigits = stackalloc sbyte[Digits];
        Span<sbyte> pointDigits = stackalloc sbyte[Digits];
        WriteSignedDigits(generatorFactor, GeneratorWindow, generatorDigits);
        WriteSignedDigits(pointFactor, PointWindow, pointDigits);
        var sum = Infinity;
        for (var i = Digits - 1; i >= 0; i--)
        {
            sum = sum.Double();
            if (generatorDigits[i] != 0)
                sum = sum.Add(Multiple(GeneratorMultiples, generatorDigits[i]));
            if (pointDigits[i] != 0)
                sum = sum.Add(Multiple(multiples, pointDigits[i]));
        }
        return sum;
    }

    /// <returns>False at infinity, which has no coordinates.</returns>
    public bool TryWrite(Span<byte> coordinates)
    {
        if (IsInfinity)
            return false;
        var inverse = _z.Invert();
        var square = inverse.Square();
        (_x * square).WriteBigEndian(coordinates);
        (_y * square * inverse).WriteBigEndian(coordinates[FieldElement.Size..]);
        return true;
    }

    /// <summary>dbl-2009-l of the Explicit-Formulas Database. No point has y = 0, so that infinity alone doubles to infinity.</summary>
    private CurvePoint Double()
    {
        var a = _x.Square();
        var b = _y.Square();
        var c = b.Square();
        var d = ((_x + b).Square() - a - c).Double();
        var e = a.Double() + a;
        var x3 = e.Square() - d.Double();
        return new CurvePoint(x3, (e * (d - x3)) - c.Double().Double().Double(), (_y * _z).Double());
    }

    /// <summary>add-1998-cmo-2 of the Explicit-Formulas Database, and the cases that it leaves out.</summary>
    private CurvePoint Add(in CurvePoint other)
    {
        if (IsInfinity)
            return other;
        if (other.IsInfinity)
            return this;
        var z1Square = _z.Square();
        var z2Square = other._z.Square();
        var u1 = _x * z2Square;
        var s1 = _y * other._z * z2Square;
        var h = (other._x * z1Square) - u1;
        var r = (other._y * _z * z1Square) - s1;
        if (h.IsZero)
            return r.IsZero ? Double() : Infinity;
        var hSquare = h.Square();
        var hCube = hSquare * h;
        var v = u1 * hSquare;
        var x3 = r.Square() - hCube - v.Double();
        return new CurvePoint(x3, (r * (v - x3)) - (s1 * hCube), _z * other._z * h);
    }

    private CurvePoint Negate() => new(_x, -_y, _z);

    private static CurvePoint Multiple(CurvePoint[] oddMultiples, int digit) =>
        digit > 0 ? oddMultiples[digit / 2] : oddMultiples[-digit / 2].Negate();

    /// <summary>P, 3P, 5P, ... up to 2^(window - 1) - 1.</summary>
    private static CurvePoint[] OddMultiples(CurvePoint point, int window)
    {
        var multiples = new CurvePoint[1 << (window - 2)];
        var twice = point.Double();
        multiples[0] = point;
        for (var i = 1; i < multiples.Length; i++)
            multiples[i] = multiples[i - 1].Add(twice);
        return multiples;
    }

    /// <summary>Writes a factor below 2^256 in digits that are odd or zero, any two non-zero ones at least a window apart (wNAF).</summary>
    private static void WriteSignedDigits(UInt256 factor, int window, Span<sbyte> digits)
    {
        // One byte more than the factor and one that is only read: a window may reach over the end.
        Span<byte> bits = stackalloc byte[UInt256.Size + 2];
        bits.Clear();
        factor.WriteBigEndian(bits[..UInt256.Size]);
        bits[..UInt256.Size].Reverse();
        digits.Clear();
        var carry = 0;
        for (var i = 0; i < Digits;)
        {
            var rest = (bits[i / 8] | (bits[(i / 8) + 1] << 8)) >> (i % 8);
            if ((rest & 1) == carry)
            {
                i++;
                continue;
            }
            var digit = (rest & ((1 << window) - 1)) + carry;
            carry = digit >> (window - 1);
            digits[i] = (sbyte)(digit - (carry << window));
            i += window;
        }
    }

    private static CurvePoint Generator()
    {
        FieldElement.TryCreate(UInt256.Parse("0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"), out var x);
        TryLift(x, odd: false, out var generator);
        return generator;
    }
}
