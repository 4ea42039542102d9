namespace Aivm.Proofs.Prover;

/// <summary>
/// The fractions of a logup sum. The first <see cref="Ones"/> have numerator 1 (lookups), the next up to <see cref="Count"/> base elements
/// (table rows: minus the multiplicity; 0 over 1 is neutral), and what is missing to a power of two is neutral. Leading ones are cheapest.
/// </summary>
/// <param name="Denominators">Room for 2^variables elements; the prover overwrites all of them.</param>
/// <param name="Numerators">Of the leaves from <see cref="Ones"/> on.</param>
internal sealed record LogupLeaves(ExtArray Denominators, int Ones, FeltArray Numerators)
{
    public int Count { get; } = Ones + Numerators.Length;

    public int Variables => LogupGkr.Variables(Count);
}
