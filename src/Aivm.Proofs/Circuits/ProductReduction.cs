namespace Aivm.Proofs;

/// <summary>
/// What <see cref="LinearReduction"/> leaves: the weighted sum Q of all products of two numbers, Q = sum_i X_i Y_i over two vectors of
/// <see cref="Circuit.ProductCount"/> elements, each a linear function of the numbers. Both sides hold it when X(s) and Y(s) are sent.
/// </summary>
/// <remarks>
/// Where the count is 0 there is nothing to do. Otherwise, after mu: the prover sends Q, a hidden number; <see cref="ProductSumcheck.VerifyBoth"/>
/// proves it of X and Y, and ends in hidden X(s) and Y(s). Only then a fresh challenge nu is drawn (a prover who knew it before could let wrong Q, X(s) and
/// Y(s) make up for each other), and the one linear claim about the cells is
/// <code>
/// N + mu D + mu^2 E - linear.Known - Q + nu X(s) + nu^2 Y(s) - products.Known = &lt;coefficients, cells&gt;
/// </code>
/// with the coefficients of both reductions added: a false one of the four is hit by three values of nu at most, or two of mu.
/// </remarks>
internal sealed class ProductReduction(LinearReduction linear, ReadOnlySpan<Ext4> point, Ext4 nu) : IDisposable
{
    private readonly EqPoint _s = new(point);

    /// <summary>X and Y, for the prover. They are the taker's to dispose of.</summary>
    public static (ExtArray X, ExtArray Y) Vectors(LinearReduction linear, FeltArray cells, Felt[] publicNumbers)
    {
        var count = linear.Circuit.ProductCount;
        var (x, y) = (new ExtArray(count), new ExtArray(count));
        foreach (var (term, weights) in linear.Weighted<ProductTerm>(_ => true))
        {
            using var left = term.Left.Numbers(cells, publicNumbers);
            using var right = term.Right.Numbers(cells, publicNumbers);
            term.AddElements(weights, left, right, x, y);
        }
        return (x, y);
    }

    /// <summary>What joins the claim about the cells: -Q + nu X(s) + nu^2 Y(s).</summary>
    public Hidden Join(Hidden sum, Hidden x, Hidden y) => x.Times(nu) + y.Times(nu * nu) - sum;

    /// <summary>Adds the coefficients of all cells in nu X(s) + nu^2 Y(s).</summary>
    public void AddCoefficients(ExtArray coefficients)
    {
        foreach (var (view, weights) in Views(view => view.HasCells))
            using (weights.Rows)
            using (weights.Columns)
                new TapTerm(view).AddTranspose(weights, coefficients);
    }

    /// <summary>The multilinear polynomial of these coefficients at a point of the cells' addresses.</summary>
    public Ext4 EvaluateCoefficients(EqPoint cells) => Evaluate(view => view.HasCells, new PointAssignment(cells));

    /// <summary>The part of nu X(s) + nu^2 Y(s) that both sides know.</summary>
    public Ext4 Known(Felt[] publicNumbers) => Evaluate(view => view.HasPublic, new PublicAssignment(publicNumbers));

    private Ext4 Evaluate(Func<GridView, bool> counts, Assignment assignment)
    {
        var sum = Ext4.Zero;
        foreach (var (view, weights) in Views(counts))
            using (weights.Rows)
            using (weights.Columns)
                sum += new TapTerm(view).Evaluate(weights, assignment);
        return sum;
    }

    /// <summary>The views of all products that count, with their weights in nu X(s) + nu^2 Y(s).</summary>
    private IEnumerable<(GridView View, GridWeights Weights)> Views(Func<GridView, bool> counts)
    {
        foreach (var (term, weights) in linear.Weighted<ProductTerm>(term => counts(term.Left) || counts(term.Right)))
        {
            if (counts(term.Left))
                yield return (term.Left, Scaled(term.LeftWeights(weights, _s), nu));
            if (counts(term.Right))
                yield return (term.Right, Scaled(term.RightWeights(weights, _s), nu * nu));
        }
    }

    private static GridWeights Scaled(GridWeights weights, Ext4 factor)
    {
        ExtKernels.Scale(weights.Columns, factor);
        return weights;
    }

    public void Dispose() => _s.Dispose();
}
