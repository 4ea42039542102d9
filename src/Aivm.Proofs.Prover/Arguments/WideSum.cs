using System.Runtime.CompilerServices;

namespace Aivm.Proofs.Prover;

/// <summary>
/// A sum of many products of extension elements, lane by lane, that is reduced once: the seven coefficients of products of two cubic
/// polynomials, wide. It lives in aligned memory of its owner, since fourteen vectors would not stay in registers.
/// </summary>
internal readonly unsafe struct WideSum<TLanes, TVector>(Pair<TVector>* coefficients)
    where TLanes : struct, IFieldLanes<TVector>
    where TVector : unmanaged
{
    public const int Coefficients = (2 * Ext4.Degree) - 1;

    private readonly Pair<TVector>* _coefficients = coefficients;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ExtVector<TVector> a, ExtVector<TVector> b)
    {
        var (a0, a1, a2, a3) = (Factor(a.C0), Factor(a.C1), Factor(a.C2), Factor(a.C3));
        var (b0, b1, b2, b3) = (Factor(b.C0), Factor(b.C1), Factor(b.C2), Factor(b.C3));
        // A trimmed sum has room for two products, or for another trimmed sum.
        Add(0, Product(a0, b0));
        Add(1, Sum(Product(a0, b1), Product(a1, b0)));
        Add(2, Trim(Sum(Sum(Product(a0, b2), Product(a1, b1)), Product(a2, b0))));
        Add(3, Trim(Sum(Sum(Product(a0, b3), Product(a1, b2)), Sum(Product(a2, b1), Product(a3, b0)))));
        Add(4, Trim(Sum(Sum(Product(a1, b3), Product(a2, b2)), Product(a3, b1))));
        Add(5, Sum(Product(a2, b3), Product(a3, b2)));
        Add(6, Product(a3, b3));
    }

    /// <summary>The sum, lane by lane; then it is zero again.</summary>
    public ExtVector<TVector> Take()
    {
        var eleven = TLanes.Broadcast(Ext4.NonResidue.Montgomery);
        var result = new ExtVector<TVector>(
            TLanes.Add(Coefficient(0), ExtLanes<TLanes, TVector>.Multiply(Coefficient(4), eleven)),
            TLanes.Add(Coefficient(1), ExtLanes<TLanes, TVector>.Multiply(Coefficient(5), eleven)),
            TLanes.Add(Coefficient(2), ExtLanes<TLanes, TVector>.Multiply(Coefficient(6), eleven)),
            Coefficient(3));
        Clear();
        return result;
    }

    public void Clear() => new Span<Pair<TVector>>(_coefficients, Coefficients).Clear();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(int k, Pair<TVector> term) => _coefficients[k] = Trim(Sum(_coefficients[k], term));

    private TVector Coefficient(int k) => ExtLanes<TLanes, TVector>.Reduce(_coefficients[k]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<TVector> Factor(TVector elements) => ExtLanes<TLanes, TVector>.Factor(elements);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<TVector> Product(Pair<TVector> a, Pair<TVector> b) => ExtLanes<TLanes, TVector>.MultiplyWide(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<TVector> Sum(Pair<TVector> a, Pair<TVector> b) => ExtLanes<TLanes, TVector>.AddWide(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair<TVector> Trim(Pair<TVector> wide) => ExtLanes<TLanes, TVector>.Trim(wide);
}
