using System.Collections.Immutable;

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
    /// <param name="each">Calls a body for all numbers below a count, in any order or at once: no two products have an element in common.</param>
    public static (ExtArray X, ExtArray Y) Vectors(LinearReduction linear, FeltArray cells, Felt[] publicNumbers, Action<int, Action<int>> each)
    {
        var (products, count) = (linear.Circuit.Products, linear.Circuit.ProductCount);
        var (x, y) = (new ExtArray(count), new ExtArray(count));
        linear.MakeTables(products);
        each(products.Length, i =>
        {
            foreach (var (term, weights) in linear.Weighted([products[i]]))
            {
                using var left = term.Left.Numbers(cells, publicNumbers);
                using var right = term.Right.Numbers(cells, publicNumbers);
                term.AddElements(weights, left, right, x, y);
            }
        });
        return (x, y);
    }

    /// <summary>What joins the claim about the cells: -Q + nu X(s) + nu^2 Y(s).</summary>
    public Hidden Join(Hidden sum, Hidden x, Hidden y) => x.Times(nu) + y.Times(nu * nu) - sum;

    /// <summary>Adds the coefficients of all cells in nu X(s) + nu^2 Y(s).</summary>
    /// <param name="each">As <see cref="LinearReduction.MakeCoefficients"/> has it.</param>
    public void AddCoefficients(ExtArray coefficients, Action<int, Action<int>> each)
    {
        var ofStorages = Views(linear.Circuit.Products, term => term.ReadsCells)
            .Select(view => (view.Term, Weights: new GridWeights(
                view.Weights.CopyRows(view.Term.Source.Positions), 0, view.Weights.CopyColumns(view.Term.Source.Channels, view.Scale), 0)))
            .GroupBy(view => view.Term.Target?.Base ?? -1, (target, views) => (Target: target, Views: views.ToArray()))
            .ToArray();
        void AddTransposes((TapTerm Term, GridWeights Weights)[] views)
        {
            foreach (var (term, weights) in views)
            {
                term.AddTranspose(weights, coefficients);
                weights.Rows.Dispose();
                weights.Columns.Dispose();
            }
        }

        var apart = ofStorages.Where(storage => storage.Target >= 0).ToArray();
        each(apart.Length, i => AddTransposes(apart[i].Views));
        foreach (var (_, views) in ofStorages.Where(storage => storage.Target < 0))
            AddTransposes(views);
    }

    /// <summary>The multilinear polynomial of these coefficients at a point of the cells' addresses.</summary>
    public Ext4 EvaluateCoefficients(EqPoint cells) => Evaluate(linear.Circuit.Products, term => term.ReadsCells, new PointAssignment(cells));

    /// <summary>The part of nu X(s) + nu^2 Y(s) that both sides know.</summary>
    public Ext4 Known(Felt[] publicNumbers) => Evaluate(linear.Circuit.PublicProducts, term => term.ReadsPublic, new PublicAssignment(publicNumbers));

    private Ext4 Evaluate(ImmutableArray<PlacedTerm<ProductTerm>> products, Func<TapTerm, bool> counts, Assignment assignment)
    {
        var sum = Ext4.Zero;
        foreach (var (term, weights, scale) in Views(products, counts))
            sum += scale * term.Evaluate(weights, assignment);
        return sum;
    }

    /// <summary>The views of products that count, with their weights in nu X(s) + nu^2 Y(s), a factor apart. They are good until the next are asked for.</summary>
    private IEnumerable<(TapTerm Term, GridWeights Weights, Ext4 Scale)> Views(ImmutableArray<PlacedTerm<ProductTerm>> products, Func<TapTerm, bool> counts)
    {
        using var room = new GridRoom();
        foreach (var (product, weights, _, scale) in linear.Scaled(products))
        {
            if (counts(product.LeftTerm))
                yield return (product.LeftTerm, product.LeftWeights(weights, _s, room), product.ColumnsAreRight ? nu : scale * nu);
            if (counts(product.RightTerm))
                yield return (product.RightTerm, product.RightWeights(weights, _s, room), product.ColumnsAreRight ? scale * nu * nu : nu * nu);
        }
    }

    public void Dispose() => _s.Dispose();
}
