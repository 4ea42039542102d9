namespace Aivm.Proofs;

/// <summary>
/// Values of polynomials over the extension at a few base points. Blocks of coefficients are weighed with powers of all points at once, and joined by
/// Horner's rule: less work than whole code words, of which few symbols are asked for.
/// </summary>
internal sealed class PointValues : IDisposable
{
    private const int Block = 64;

    private readonly int _stride;
    private readonly FeltArray _powers;
    private readonly FeltArray _step;

    public PointValues(ReadOnlySpan<Felt> points)
    {
        // Whole vectors of points: what is missing is zero.
        _stride = FeltArray.Padded(points.Length);
        (_powers, _step) = (new FeltArray(Block * _stride), new FeltArray(_stride));
        using var x = new FeltArray(_stride);
        for (var i = 0; i < points.Length; i++)
            (x[i], _powers[i]) = (points[i], Felt.One);
        for (var j = 1; j < Block; j++)
            FieldKernels.Multiply(_powers, (j - 1) * _stride, x, 0, _powers, j * _stride, _stride);
        FieldKernels.Multiply(_powers, (Block - 1) * _stride, x, 0, _step, 0, _stride);
    }

    /// <summary>In the order of the points; behind them comes what means nothing.</summary>
    /// <param name="polynomial">Its coefficients, lowest first.</param>
    public ExtArray Of(ExtArray polynomial)
    {
        var values = new ExtArray(_stride);
        for (var first = (polynomial.Length - 1) / Block * Block; first >= 0; first -= Block)
        {
            ExtKernels.Scale(values, _step);
            ExtKernels.CombineRows(values, 0, polynomial, first, Math.Min(Block, polynomial.Length - first), _powers, 0, _stride, _stride);
        }
        return values;
    }

    public void Dispose()
    {
        _powers.Dispose();
        _step.Dispose();
    }
}
