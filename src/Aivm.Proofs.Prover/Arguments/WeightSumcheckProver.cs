namespace Aivm.Proofs.Prover;

/// <summary>
/// The prover of <see cref="ProductSumcheck.VerifyFromLowest"/> for forms of private weights. Coefficients are outer products of rows and columns, so that
/// while the variables of a layer's columns are bound, two vectors of a row's length stand for all of its weights; then one pass over the weights
/// brings each row to a single number. Neither coefficients nor folded weights are ever written out.
/// </summary>
internal sealed class WeightSumcheckProver : IDisposable
{
    /// <summary>Rows that a thread brings to a number each, at a time.</summary>
    private const int Piece = 64;

    private readonly FeltArray _weights;
    private readonly int _threads;

    /// <summary>Rectangles whose columns are not all bound.</summary>
    private readonly List<(Storage Place, WeighedForm[] Forms)> _wide;

    /// <summary>Ascending by address, and apart.</summary>
    private List<Stretch> _stretches = [];

    /// <param name="forms">Consumes their columns and sums.</param>
    public WeightSumcheckProver(WeightLayout layout, WeighedForms[] forms, FeltArray weights, int threads)
    {
        (_weights, _threads) = (weights, threads);
        var byPlace = forms.SelectMany(group => group.All).ToLookup(form => form.Place);
        _wide = [.. layout.Places.Select(place => (place, byPlace[place].ToArray()))];
        var random = layout.RandomCells;
        _stretches.Add(new Stretch(random.Base, new ExtArray(random.Positions), RowsAt(random, [])));
    }

    /// <returns>The claim that is left, and its two factors: the forms' coefficient and the weights' value at its point.</returns>
    public (SumcheckClaim Claim, Ext4 Form, Ext4 Weight) Prove(ProverChannel channel, Hidden claim, int variables)
    {
        var point = new Ext4[variables];
        for (var variable = 0; variable < variables; variable++)
        {
            BeginRows(point.AsSpan(0, variable));
            JoinNeighbours();
            (claim, point[variable]) = ProveRound(channel, claim);
        }
        var last = _stretches.Single();
        return (new SumcheckClaim(point, claim), last.Form[0], last.Weights[0]);
    }

    /// <summary>Takes up the rows of rectangles whose columns the point has bound.</summary>
    private void BeginRows(ReadOnlySpan<Ext4> point)
    {
        for (var i = _wide.Count; i-- > 0;)
        {
            var (place, forms) = _wide[i];
            if (place.ChannelBits != point.Length)
                continue;
            var coefficients = new ExtArray(place.Positions);
            foreach (var form in forms)
                using (var own = form.RowCoefficients())
                    ExtKernels.AddScaled(coefficients, 0, Ext4.One, own, 0, own.Length);
            _stretches.Add(new Stretch(place.Base >> point.Length, coefficients, RowsAt(place, point)));
            _wide.RemoveAt(i);
        }
        _stretches.Sort((a, b) => a.First.CompareTo(b.First));
    }

    /// <summary>Each row's polynomial at the point.</summary>
    private ExtArray RowsAt(Storage place, ReadOnlySpan<Ext4> point)
    {
        var values = new ExtArray(place.Positions);
        using var columns = new ExtArray(1 << point.Length);
        ExtKernels.EqTable(point, Ext4.One, columns);
        Parallel.For(0, (place.Positions + Piece - 1) / Piece, new ParallelOptions { MaxDegreeOfParallelism = _threads }, piece =>
        {
            for (var row = piece * Piece; row < Math.Min(place.Positions, (piece + 1) * Piece); row++)
                values[row] = ExtKernels.Dot(columns, 0, _weights, place.Base + (row * place.Width), place.Channels);
        });
        return values;
    }

    private (Hidden Claim, Ext4 Challenge) ProveRound(ProverChannel channel, Hidden claim)
    {
        foreach (var (_, forms) in _wide)
            foreach (var form in forms)
                (form.Columns, form.Sums) = (Unzip(form.Columns, 0), Unzip(form.Sums, 0));
        _stretches = _stretches.ConvertAll(stretch => new Stretch(
            stretch.First / 2, Unzip(stretch.Form, stretch.First % 2), Unzip(stretch.Weights, stretch.First % 2)));
        var (atZero, leading) = (Ext4.Zero, Ext4.Zero);
        foreach (var (form, weights) in Pairs())
        {
            var sums = ExtKernels.SumcheckRound(form, weights, form.Length / 2);
            (atZero, leading) = (atZero + sums.AtZero, leading + sums.Leading);
        }
        var sent = ProductSumcheckProver.SendRound(channel, claim, atZero, leading);
        foreach (var (form, weights) in Pairs())
        {
            ExtKernels.Fold(form, form.Length / 2, sent.Challenge);
            ExtKernels.Fold(weights, weights.Length / 2, sent.Challenge);
        }
        return sent;
    }

    private IEnumerable<(ExtArray Form, ExtArray Weights)> Pairs() =>
    [
        .. _wide.SelectMany(wide => wide.Forms).Select(form => (form.Columns, form.Sums)),
        .. _stretches.Select(stretch => (stretch.Form, stretch.Weights)),
    ];

    private static ExtArray Unzip(ExtArray array, int offset)
    {
        using (array)
            return ExtKernels.Unzip(array, offset);
    }

    /// <summary>Stretches of which two elements are about to become one are joined: there the product is that of sums.</summary>
    private void JoinNeighbours()
    {
        var joined = new List<Stretch>();
        foreach (var stretch in _stretches)
            if (joined.Count > 0 && (joined[^1].End - 1) / 2 == stretch.First / 2)
                joined[^1] = Join(joined[^1], stretch);
            else
                joined.Add(stretch);
        _stretches = joined;
    }

    private static Stretch Join(Stretch a, Stretch b)
    {
        var length = b.End - a.First;
        return new Stretch(a.First, Add(a.Form, b.Form, b.First - a.First, length), Add(a.Weights, b.Weights, b.First - a.First, length));

        static ExtArray Add(ExtArray a, ExtArray b, int at, int length)
        {
            var sum = new ExtArray(length);
            ExtKernels.AddScaled(sum, 0, Ext4.One, a, 0, a.Length);
            ExtKernels.AddScaled(sum, at, Ext4.One, b, 0, b.Length);
            a.Dispose();
            b.Dispose();
            return sum;
        }
    }

    public void Dispose()
    {
        foreach (var stretch in _stretches)
        {
            stretch.Form.Dispose();
            stretch.Weights.Dispose();
        }
    }

    /// <summary>Coefficients and weights from one address on, of what the bound variables leave.</summary>
    private sealed record Stretch(int First, ExtArray Form, ExtArray Weights)
    {
        public int End => First + Form.Length;
    }
}
