namespace Aivm.Proofs;

/// <summary>What a sumcheck leaves to show: the summand at a random point is <paramref name="Value"/>.</summary>
/// <param name="Point">In the order of index bits, whatever the order of binding was.</param>
public sealed record SumcheckClaim(Ext4[] Point, Hidden Value);
