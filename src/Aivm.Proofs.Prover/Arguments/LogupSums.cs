namespace Aivm.Proofs.Prover;

/// <summary>
/// A thread's sums for one message: the value at zero, and the leading coefficient, each in two parts, of which one waits for its
/// factor lambda.
/// </summary>
internal sealed class LogupSums<TLanes, TVector> : IDisposable
    where TLanes : struct, IFieldLanes<TVector>
    where TVector : unmanaged
{
    private readonly ExtArray _summands = new(LogupWorkspace.Chunk);
    private readonly ExtArray _factors = new(LogupWorkspace.Chunk);
    private ExtSum<TVector> _atZero;
    private ExtSum<TVector> _leading;
    private ExtSum<TVector> _atZeroByLambda;
    private ExtSum<TVector> _leadingByLambda;
    private ExtVector<TVector> _weighedAtZero;
    private ExtVector<TVector> _weighedLeading;
    private bool _byLambda;

    public void AddGeneral(LogupLayer layer, Stretch pairs, int half, ExtPointer eq, bool sumAtZero)
    {
        var (n0, m1) = (layer.N0.From(pairs.From).Pointer, layer.N1.From(pairs.From).Pointer);
        var (d0, d1) = (layer.D0.From(pairs.From).Pointer, layer.D1.From(pairs.From).Pointer);
        LogupKernels<TLanes, TVector>.AddCrosswise(n0, m1, d0, d1, half, Summands, pairs.Count);
        LogupKernels<TLanes, TVector>.Sum(ref _leading, eq, Summands, pairs.Count);
        if (!sumAtZero)
            return;
        LogupKernels<TLanes, TVector>.AddCrosswise(n0, m1, d0, d1, Summands, pairs.Count);
        LogupKernels<TLanes, TVector>.Sum(ref _atZero, eq, Summands, pairs.Count);
    }

    /// <param name="shift">1 / lambda: with numerators one the summand is lambda ((d0 + shift) (d1 + shift) - shift^2).</param>
    public void AddOnes(LogupLayer layer, Stretch pairs, int half, ExtPointer eq, Ext4 shift, bool sumAtZero)
    {
        var (d0, d1) = (layer.D0.From(pairs.From).Pointer, layer.D1.From(pairs.From).Pointer);
        _byLambda = true;
        LogupKernels<TLanes, TVector>.Multiply(d0, d1, half, Summands, pairs.Count);
        LogupKernels<TLanes, TVector>.Sum(ref _leadingByLambda, eq, Summands, pairs.Count);
        if (!sumAtZero)
            return;
        LogupKernels<TLanes, TVector>.Add(d0, shift, Summands, pairs.Count);
        LogupKernels<TLanes, TVector>.Add(d1, shift, Factors, pairs.Count);
        LogupKernels<TLanes, TVector>.Multiply(Summands, Factors, Summands, pairs.Count);
        LogupKernels<TLanes, TVector>.Add(Summands, -(shift * shift), Summands, pairs.Count);
        LogupKernels<TLanes, TVector>.Sum(ref _atZeroByLambda, eq, Summands, pairs.Count);
    }

    /// <summary>The summand is n0 + lambda d0; its leading coefficient is zero.</summary>
    public void AddNeutral(LogupLayer layer, Stretch pairs, ExtPointer eq)
    {
        LogupKernels<TLanes, TVector>.Sum(ref _atZero, eq, layer.N0.From(pairs.From).Pointer, pairs.Count);
        LogupKernels<TLanes, TVector>.Sum(ref _atZeroByLambda, eq, layer.D0.From(pairs.From).Pointer, pairs.Count);
        _byLambda = true;
    }

    /// <summary>Closes a block: what was added counts with this weight.</summary>
    public void Weigh(Ext4 weight, Ext4 lambda)
    {
        _weighedAtZero = Add(_weighedAtZero, Multiply(Take(ref _atZero), weight));
        _weighedLeading = Add(_weighedLeading, Multiply(Take(ref _leading), weight));
        if (!_byLambda)
            return;
        _weighedAtZero = Add(_weighedAtZero, Multiply(Take(ref _atZeroByLambda), weight * lambda));
        _weighedLeading = Add(_weighedLeading, Multiply(Take(ref _leadingByLambda), weight * lambda));
        _byLambda = false;
    }

    /// <summary>The sums over all lanes; then they are zero again.</summary>
    public (Ext4 AtZero, Ext4 Leading) Take()
    {
        var sums = (ExtLanes<TLanes, TVector>.Sum(_weighedAtZero), ExtLanes<TLanes, TVector>.Sum(_weighedLeading));
        (_weighedAtZero, _weighedLeading) = (default, default);
        return sums;
    }

    public void Dispose()
    {
        _summands.Dispose();
        _factors.Dispose();
    }

    /// <summary>Room for a chunk: products and sums in one loop would need more registers than there are.</summary>
    private ExtPointer Summands => _summands.At(0);

    private ExtPointer Factors => _factors.At(0);

    /// <summary>The sum, lane by lane; then it is zero again.</summary>
    private static ExtVector<TVector> Take(ref ExtSum<TVector> sum)
    {
        var result = ExtLanes<TLanes, TVector>.Reduce(sum);
        sum = default;
        return result;
    }

    private static ExtVector<TVector> Add(ExtVector<TVector> a, ExtVector<TVector> b) => ExtLanes<TLanes, TVector>.Add(a, b);

    private static ExtVector<TVector> Multiply(ExtVector<TVector> a, Ext4 factor) =>
        ExtLanes<TLanes, TVector>.Multiply(
            a, ExtLanes<TLanes, TVector>.Broadcast(factor), ExtLanes<TLanes, TVector>.Broadcast(factor * Ext4.NonResidue));
}
