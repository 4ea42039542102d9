using System.Collections.Immutable;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// All ways for a false statement to be accepted by proofs of one shape, one after another, and what they add up to. For each, whatever a prover has said so
/// far, the next challenge is among the bad ones with the probability given.
/// </summary>
/// <remarks>
/// Challenges come from a hash. Whoever looks for a bad one tries messages, so that bits count hashes: after 2^h of them a false proof is found with
/// probability 2^(h - total) at most, if the hash is a random function (Ben-Sasson, Chiesa and Spooner 2016; Canetti et al. 2019).
/// </remarks>
public sealed class Soundness
{
    /// <summary>log2 of the hashes until two of 256 bits are equal.</summary>
    private const long CollisionBits = 128;

    private readonly int _requiredBits;

    internal Soundness(ProofShape shape)
        : this(shape.Parameters, TermsOf(shape))
    {
    }

    internal Soundness(ProofParameters parameters, IEnumerable<SoundnessTerm> terms)
    {
        _requiredBits = parameters.RequiredBits;
        Terms = [.. terms];
        Total = SoundnessTerm.Any("any of these", Terms);
    }

    internal static SoundnessTerm Hash { get; } = new("BLAKE3, a random function without collisions", CollisionBits << SoundnessTerm.UnitBits, IsAssumed: true);

    /// <summary>In the order of the protocol; each prints itself.</summary>
    public ImmutableArray<SoundnessTerm> Terms { get; }

    /// <summary>The sum of all.</summary>
    public SoundnessTerm Total { get; }

    /// <summary><c>proof-soundness</c> where the total is below what the parameters demand; else null.</summary>
    public Error? Shortfall => Total.Bits >= _requiredBits
        ? null
        : ProofErrors.Soundness($"Proofs of this model have {Total.Bits} bits of soundness; {_requiredBits} are demanded: prove fewer inferences at once.");

    private static IEnumerable<SoundnessTerm> TermsOf(ProofShape shape)
    {
        var circuit = shape.Circuit;
        if (circuit.EqualityCount > 0)
            yield return SoundnessTerm.Challenge("equalities, taken at one point", shape.EqualityVariables);
        var rows = circuit.TableGrid.Positions * circuit.TableGrid.Width;
        foreach (var term in ArgumentSoundness.Logup(circuit.LeafCount, rows, circuit.TableEntries.Length))
            yield return term;
        yield return SoundnessTerm.Challenge("lookups and equalities, joined", 2);
        if (circuit.ProductCount > 0)
        {
            yield return ArgumentSoundness.ProductSumcheck("products, X(s) Y(s)", shape.ProductVariables);
            yield return SoundnessTerm.Challenge("products, joined", 2);
        }
        yield return ArgumentSoundness.ProductSumcheck("cells, the linear reduction", shape.AddressVariables);
        foreach (var term in shape.Cells.Soundness("cells"))
            yield return term;
        foreach (var term in shape.Inputs?.Soundness("inputs") ?? [])
            yield return term;
        if (shape.Weights is { } weights)
        {
            yield return SoundnessTerm.Challenge("weights, two forms joined", 1);
            yield return ArgumentSoundness.ProductSumcheck("weights, the linear reduction", weights.Variables);
            foreach (var term in weights.Soundness("weights"))
                yield return term;
        }
        // Each constraint follows a message of its own.
        foreach (var term in shape.Pads?.Soundness(constraints: shape.Layout.Count) ?? [])
            yield return term;
        yield return Hash;
    }
}
