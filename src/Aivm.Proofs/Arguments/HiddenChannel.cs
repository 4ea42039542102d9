using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>form = 0, as the argument named <paramref name="Check"/> needs it: linear in the pads.</summary>
public sealed record LinearConstraint(Hidden Form, string Check);

/// <summary>
/// The conversation of a prover and a verifier in which every secret goes out behind a fresh, uniform pad that was committed before
/// (the pattern of Longfellow, Frigo and shelat 2024, section 5, and of the zero-knowledge sumchecks of Cramer and Damgård 1998).
/// Checks on what was sent turn into linear constraints on the pads, products of two sent numbers into products of pads;
/// one closing argument about the committed pads proves them all. Both sides hold the same constraints.
/// </summary>
public abstract class HiddenChannel(Transcript transcript)
{
    private readonly List<LinearConstraint> _constraints = [];

    public Transcript Transcript { get; } = transcript;

    /// <summary>The pads used up to here.</summary>
    public PadLayout Layout { get; } = new();

    /// <summary>To hold together with <see cref="PadLayout.Products"/> of <see cref="Layout"/>.</summary>
    public IReadOnlyList<LinearConstraint> Constraints => _constraints;

    /// <summary>The first reason to reject; null so far.</summary>
    public virtual Error? Failure { get; private set; }

    /// <param name="check">Names the check for whoever reads a rejection.</param>
    public void RequireZero(Hidden form, string check)
    {
        if (form.Terms.IsEmpty && !form.Constant.IsZero)
            Reject(check);
        _constraints.Add(new LinearConstraint(form, check));
    }

    /// <summary>The product of two numbers as they were sent; sums and multiples have no product.</summary>
    public virtual Hidden Product(Hidden left, Hidden right)
    {
        if (left.Pad is not { } leftPad || right.Pad is not { } rightPad)
            throw new ArgumentException("A product takes two numbers as they were sent.");
        return Hidden.Product(left, right, Layout.NextProduct(leftPad, rightPad));
    }

    /// <summary>Rejects with a check that needs no pads.</summary>
    public void Reject(string check) => Failure ??= Rejection(check);

    /// <summary>
    /// The first failure, or the first constraint that given pads break: the closing where pads are shown, and in the transparent mode,
    /// in which all are zero.
    /// </summary>
    public Error? CheckOpenly(ReadOnlySpan<Ext4> pads)
    {
        if (Failure is { } failure)
            return failure;
        foreach (var (left, right, product) in Layout.Products)
            if (pads[left] * pads[right] != pads[product])
                return Rejection("product of pads");
        foreach (var (form, check) in Constraints)
            if (!form.Value(pads).IsZero)
                return Rejection(check);
        return null;
    }

    /// <summary>Takes note of a message: value + next pad.</summary>
    protected Hidden Note(Ext4 message)
    {
        Transcript.Absorb(message);
        return Hidden.Padded(message, Layout.Next());
    }

    private static Error Rejection(string check) => ProofErrors.Rejected($"The proof fails at: {check}.");
}
