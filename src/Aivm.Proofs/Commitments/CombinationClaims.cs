namespace Aivm.Proofs;

/// <summary>
/// Claims about the coefficients of a committed combination of rows: that its polynomial has the value which an opened column gives, at each position, and
/// that the first coefficients' multilinear polynomial has the value of the opening. They are one claim by powers of a challenge, &lt;a, combination&gt; with
/// a_i = eq(column coordinates, i) for i below 2^c, plus the sum over the positions of beta^(1 + their number) x^i for i below the combination's length.
/// </summary>
internal sealed class CombinationClaims
{
    private readonly OracleShape _shape;
    private readonly Ext4[] _columnPoint;
    private readonly Felt[] _points;
    private readonly Ext4[] _powers;

    public CombinationClaims(OracleShape shape, ReadOnlySpan<Ext4> columnPoint, int[] positions, Ext4 beta)
    {
        (_shape, _columnPoint) = (shape, columnPoint.ToArray());
        var code = shape.Code;
        _points = Array.ConvertAll(positions, code.Point);
        _powers = new Ext4[positions.Length];
        for (var i = 0; i < _powers.Length; i++)
            _powers[i] = i == 0 ? beta : _powers[i - 1] * beta;
    }

    public ReadOnlySpan<Ext4> ColumnPoint => _columnPoint;

    /// <summary>By position: the point x.</summary>
    public ReadOnlySpan<Felt> Points => _points;

    /// <summary>By position: the power of beta.</summary>
    public ReadOnlySpan<Ext4> Powers => _powers;

    /// <summary>What the joined claim says.</summary>
    /// <param name="columns">By position: the value that the column gives.</param>
    public Ext4 Sum(Ext4 value, ExtArray columns)
    {
        for (var i = 0; i < _powers.Length; i++)
            value += _powers[i] * columns[i];
        return value;
    }

    /// <summary>The multilinear polynomial of a at a point.</summary>
    public Ext4 Evaluate(ReadOnlySpan<Ext4> point)
    {
        var sum = Ext4.One;
        for (var k = 0; k < point.Length; k++)
        {
            var other = Ext4.One - point[k];
            sum *= k < _columnPoint.Length ? (point[k] * _columnPoint[k]) + (other * (Ext4.One - _columnPoint[k])) : other;
        }
        var blocks = Blocks(point);
        for (var i = 0; i < _points.Length; i++)
            sum += _powers[i] * PowersAt(_points[i], point, blocks);
        return sum;
    }

    /// <summary>
    /// Indices below the length, in blocks of a power of two: one for each bit that is set in the length, with eq of the block's number, the highest first.
    /// </summary>
    private List<(int Bits, Ext4 Number)> Blocks(ReadOnlySpan<Ext4> point)
    {
        var (blocks, above) = (new List<(int, Ext4)>(), Ext4.One);
        for (var bit = point.Length; bit >= 0; bit--)
        {
            var isSet = (_shape.MessageLength >> bit & 1) != 0;
            if (isSet)
                blocks.Add((bit, bit < point.Length ? above * (Ext4.One - point[bit]) : above));
            if (bit < point.Length)
                above *= isSet ? point[bit] : Ext4.One - point[bit];
        }
        return blocks;
    }

    /// <summary>The sum over the indices i below the length of eq(point, i) x^i.</summary>
    private static Ext4 PowersAt(Felt x, ReadOnlySpan<Ext4> point, List<(int Bits, Ext4 Number)> blocks)
    {
        // By bits: the sum over a block that begins with x^0, and x^(2^bits).
        Span<Ext4> sums = stackalloc Ext4[point.Length + 1];
        Span<Felt> squares = stackalloc Felt[point.Length + 1];
        (sums[0], squares[0]) = (Ext4.One, x);
        for (var k = 0; k < point.Length; k++)
        {
            sums[k + 1] = sums[k] * (Ext4.One + (point[k] * (squares[k] - Felt.One)));
            squares[k + 1] = squares[k] * squares[k];
        }
        var (sum, first) = (Ext4.Zero, Felt.One);
        foreach (var (bits, number) in blocks)
        {
            sum += number * sums[bits] * first;
            first *= squares[bits];
        }
        return sum;
    }
}
