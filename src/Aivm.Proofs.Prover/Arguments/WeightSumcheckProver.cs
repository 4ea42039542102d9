namespace Aivm.Proofs.Prover;

/// <summary>
/// The prover of <see cref="ProductSumcheck.VerifyFromLowest"/> for forms of committed weights. Coefficients are outer products of rows and columns, so that
/// while the variables of a layer's columns are bound, two vectors of a row's length stand for all of its weights; then one pass over the weights
/// brings each row to a single number. Neither coefficients nor folded weights are ever written out.
/// </summary>
internal sealed class WeightSumcheckProver : IDisposable
{
    /// <summary>Rows that a thread brings to a number each, at a time.</summary>
    private const int Piece = 64;

    private readonly WeightLayout _layout;
    private readonly FeltArray _weights;
    private readonly int _threads;

    /// <summary>The widest first: those whose columns are bound first end the vectors.</summary>
    private readonly WeighedForm[] _forms;

    /// <summary>Columns' factors and sums of all forms whose columns are not all bound, one after another.</summary>
    private Pair _columns;

    /// <summary>Coefficients and weights of rows, by what the bound variables leave of their address, which <see cref="_stretches"/> tells.</summary>
    private Pair _rows = new(new ExtArray(0), new ExtArray(0));

    /// <summary>Addresses that follow each other, ascending.</summary>
    private List<Stretch> _stretches = [];

    /// <param name="groups">Their forms are joined.</param>
    public WeightSumcheckProver(WeightLayout layout, IEnumerable<WeighedForms> groups, FeltArray weights, int threads)
    {
        (_layout, _weights, _threads) = (layout, weights, threads);
        _forms = [.. groups.SelectMany(group => group.All).OrderByDescending(form => form.Place.ChannelBits)];
        var length = _forms.Sum(form => form.Columns.Length);
        _columns = new Pair(new ExtArray(length), new ExtArray(length));
        var at = 0;
        foreach (var form in _forms)
        {
            ExtKernels.AddScaled(_columns.Form, at, Ext4.One, form.Columns, 0, form.Columns.Length);
            ExtKernels.AddScaled(_columns.Weights, at, Ext4.One, form.Sums, 0, form.Sums.Length);
            at += form.Columns.Length;
        }
    }

    /// <returns>The claim that is left, and its two factors: the forms' coefficient and the weights' value at its point.</returns>
    public (SumcheckClaim Claim, Ext4 Form, Ext4 Weight) Prove(ProverChannel channel, Hidden claim, int variables)
    {
        var point = new Ext4[variables];
        for (var variable = 0; variable < variables; variable++)
        {
            PairRows(point.AsSpan(0, variable));
            _columns = Unzip(_columns);
            var (columns, rows) = (Sum(_columns), Sum(_rows));
            (claim, point[variable]) = ProductSumcheckProver.SendRound(channel, claim, columns.AtZero + rows.AtZero, columns.Leading + rows.Leading);
            Fold(_columns, point[variable]);
            Fold(_rows, point[variable]);
        }
        if (_rows.Form.Length > 0)
            return (new SumcheckClaim(point, claim), _rows.Form[0], _rows.Weights[0]);
        // A rectangle as wide as the oracle, of which it is all.
        var whole = RowsOf(point).Single().Rows;
        var last = (new SumcheckClaim(point, claim), whole.Form[0], whole.Weights[0]);
        whole.Dispose();
        return last;
    }

    /// <summary>
    /// Sets the rows out in pairs of neighbours, together with those of rectangles whose columns the point has bound: even addresses, then odd ones, zero
    /// where there is none.
    /// </summary>
    private void PairRows(ReadOnlySpan<Ext4> point)
    {
        var (old, at) = (_rows, 0);
        var sources = new List<(int First, int Length, Pair Rows, int At)>();
        foreach (var stretch in _stretches)
        {
            sources.Add((stretch.First, stretch.Length, old, at));
            at += stretch.Length;
        }
        foreach (var (place, rows) in RowsOf(point))
            sources.Add((place.Base >> point.Length, place.Positions, rows, 0));
        sources.Sort((a, b) => a.First.CompareTo(b.First));
        _stretches = [];
        var places = new int[sources.Count];
        var half = 0;
        for (var i = 0; i < places.Length; i++)
        {
            var (first, last) = (sources[i].First / 2, (sources[i].First + sources[i].Length - 1) / 2);
            if (_stretches.Count > 0 && _stretches[^1].End >= first)
                _stretches[^1] = _stretches[^1] with { Length = last + 1 - _stretches[^1].First };
            else
                _stretches.Add(new Stretch(first, last + 1 - first));
            half = _stretches.Sum(stretch => stretch.Length);
            places[i] = half - (last + 1 - first);
        }
        _rows = new Pair(new ExtArray(2 * half), new ExtArray(2 * half));
        for (var i = 0; i < places.Length; i++)
        {
            var (first, length, rows, from) = sources[i];
            ExtKernels.Unzip(rows.Form, from, length, first % 2, _rows.Form, places[i], half);
            ExtKernels.Unzip(rows.Weights, from, length, first % 2, _rows.Weights, places[i], half);
            if (rows != old)
                rows.Dispose();
        }
        old.Dispose();
    }

    /// <summary>Rectangles whose columns the point has just bound, with their rows' coefficients and values; at first the random cells too.</summary>
    private IEnumerable<(Storage Place, Pair Rows)> RowsOf(ReadOnlySpan<Ext4> point)
    {
        var rows = new List<(Storage, Pair)>();
        if (point.IsEmpty && _layout.RandomCells.Positions > 0)
            rows.Add((_layout.RandomCells, new Pair(new ExtArray(_layout.RandomCells.Positions), ValuesOfRows(_layout.RandomCells, point))));
        var (bits, end) = (point.Length, _columns.Form.Length);
        var coefficients = new Dictionary<Storage, ExtArray>();
        foreach (var form in Enumerable.Reverse(_forms).SkipWhile(form => form.Place.ChannelBits < bits).TakeWhile(form => form.Place.ChannelBits == bits))
        {
            end -= form.Blocks;
            if (!coefficients.TryGetValue(form.Place, out var sum))
                coefficients[form.Place] = sum = new ExtArray(form.Place.Positions);
            form.AddRowCoefficients(_columns.Form, end, sum);
        }
        _columns.Truncate(end);
        foreach (var place in _layout.Places)
            if (place.ChannelBits == bits)
                rows.Add((place, new Pair(coefficients.GetValueOrDefault(place) ?? new ExtArray(place.Positions), ValuesOfRows(place, point))));
        return rows;
    }

    /// <summary>Each row's polynomial at the point.</summary>
    private ExtArray ValuesOfRows(Storage place, ReadOnlySpan<Ext4> point)
    {
        var values = new ExtArray(place.Positions);
        if (place.Width == 1)
        {
            ExtKernels.AddScaled(values, 0, Ext4.One, _weights, place.Base, place.Positions);
            return values;
        }
        using var columns = new ExtArray(1 << point.Length);
        ExtKernels.EqTable(point, Ext4.One, columns);
        Parts.Each(place.Positions * place.Channels < Piece * Piece ? 1 : _threads, (place.Positions + Piece - 1) / Piece, piece =>
        {
            for (var row = piece * Piece; row < Math.Min(place.Positions, (piece + 1) * Piece); row++)
                values[row] = ExtKernels.Dot(columns, 0, _weights, place.Base + (row * place.Width), place.Channels);
        });
        return values;
    }

    /// <summary>Rows of blocks that take up a power of two begin at even places.</summary>
    private static Pair Unzip(Pair pair)
    {
        var length = pair.Form.Length;
        var result = new Pair(new ExtArray(length), new ExtArray(length));
        ExtKernels.Unzip(pair.Form, 0, length, 0, result.Form, 0, length / 2);
        ExtKernels.Unzip(pair.Weights, 0, length, 0, result.Weights, 0, length / 2);
        pair.Dispose();
        return result;
    }

    private static (Ext4 AtZero, Ext4 Leading) Sum(Pair pair) => ExtKernels.SumcheckRound(pair.Form, pair.Weights, pair.Form.Length / 2);

    private static void Fold(Pair pair, Ext4 challenge)
    {
        var half = pair.Form.Length / 2;
        ExtKernels.Fold(pair.Form, half, challenge);
        ExtKernels.Fold(pair.Weights, half, challenge);
    }

    public void Dispose()
    {
        _columns.Dispose();
        _rows.Dispose();
    }

    private sealed record Stretch(int First, int Length)
    {
        public int End => First + Length;
    }

    /// <summary>Two vectors whose inner product is summed.</summary>
    private sealed record Pair(ExtArray Form, ExtArray Weights) : IDisposable
    {
        public void Truncate(int length)
        {
            Form.Truncate(length);
            Weights.Truncate(length);
        }

        public void Dispose()
        {
            Form.Dispose();
            Weights.Dispose();
        }
    }
}
