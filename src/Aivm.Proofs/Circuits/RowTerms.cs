namespace Aivm.Proofs;

/// <summary>value (p, 0) = the sum of the first cells of row p of a storage: sums along rows, some of which may be shorter.</summary>
/// <param name="lengths">Cells of each row of a sample that count.</param>
internal sealed class RowSumTerm(Storage source, int[] lengths) : Term
{
    public Storage Source => source;

    public int LengthOf(int position) => lengths[position % lengths.Length];

    internal override long EvaluationWork => (source.Channels + (2L * source.Positions)) * VerificationWork.Product;

    internal override bool ReadsPublic => false;

    internal override bool ReadsCells => true;

    internal override Storage? Target => source;

    internal override void AddTranspose(in GridWeights weights, ExtArray coefficients)
    {
        using var ones = new ExtArray(source.Channels);
        for (var c = 0; c < source.Channels; c++)
            ones[c] = Ext4.One;
        for (var p = 0; p < source.Positions; p++)
            ExtKernels.AddScaled(coefficients, source.Base + (p * source.Width), weights.Row(p) * weights.Column(0), ones, 0, LengthOf(p));
    }

    internal override Ext4 Evaluate(in GridWeights weights, Assignment assignment)
    {
        if (!assignment.TryFactor(source, out var factors))
            return Ext4.Zero;
        var starts = new Ext4[source.Channels + 1];
        for (var c = 0; c < source.Channels; c++)
            starts[c + 1] = starts[c] + factors.Column(c);
        using var held = new ExtArray(source.Positions);
        for (var p = 0; p < source.Positions; p++)
            held[p] = starts[LengthOf(p)];
        using var products = new ExtArray(source.Positions);
        ExtKernels.AddProducts(products, 0, factors.Rows, factors.FirstRow, held, 0, source.Positions);
        return ExtKernels.Dot(weights.Rows, weights.FirstRow, products, 0, source.Positions) * weights.Column(0);
    }

    internal override long ValueAt(Func<int, long> read, int position, int channel)
    {
        var sum = 0L;
        for (var c = 0; c < LengthOf(position); c++)
            sum += read(source.Base + (position * source.Width) + c);
        return sum;
    }
}

/// <summary>value (p, c) = cell (p, 0) of a storage: a number of each row, in all channels.</summary>
internal sealed class BroadcastTerm(Storage source, int channels) : Term
{
    public Storage Source => source;

    internal override bool ReadsPublic => false;

    internal override bool ReadsCells => true;

    internal override Storage? Target => source;

    internal override long EvaluationWork => (channels + (long)source.Positions) * VerificationWork.Product;

    internal override void AddTranspose(in GridWeights weights, ExtArray coefficients)
    {
        var columns = weights.SumOfColumns(channels);
        for (var p = 0; p < source.Positions; p++)
            coefficients[source.Base + (p * source.Width)] += weights.Row(p) * columns;
    }

    internal override Ext4 Evaluate(in GridWeights weights, Assignment assignment) => assignment.TryFactor(source, out var factors)
        ? ExtKernels.Dot(weights.Rows, weights.FirstRow, factors.Rows, factors.FirstRow, source.Positions) * factors.Column(0) * weights.SumOfColumns(channels)
        : Ext4.Zero;

    internal override long ValueAt(Func<int, long> read, int position, int channel) => read(source.Base + (position * source.Width));
}
