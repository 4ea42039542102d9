using Aivm.Proofs;
using Aivm.Tests.Proofs;

namespace Aivm.Fuzz.Proofs;

/// <summary>
/// Valid proofs of every kind, changed: each but an unchanged one is refused by name, without an exception, and for no more memory than twice what it takes to accept one.
/// </summary>
/// <remarks>An input is the number of its seed, what changes in the statement (255: nothing), and the proof.</remarks>
internal sealed class ProofTarget : FuzzTarget
{
    private const int Header = 2;
    private const int AsStated = 255;
    private const int ProofsOfAKind = 2;

    private static readonly string[] Codes = ["proof-rejected", "proof-malformed", "proof-truncated", "proof-trailing", "proof-statement"];

    private readonly ProofSeed[] _seeds;

    public ProofTarget(string name)
    {
        Name = name;
        var parameters = name == "proofs" ? ProofParameters.Production : ProofParameters.Toy;
        using var randomness = new KnownRandomness(3);
        _seeds = [.. SmallProof.Kinds.SelectMany(kind => Enumerable.Range(0, ProofsOfAKind).Select(_ => new ProofSeed(SmallProof.Make(kind, parameters))))];
        Seeds = [.. _seeds.Select((seed, i) => (byte[])[(byte)i, AsStated, .. seed.Proof.Bytes])];
    }

    public override string Name { get; }

    internal override IReadOnlyList<byte[]> Seeds { get; }

    internal override byte[] Mutate(byte[] parent, byte[] other, Random random)
    {
        if (random.Next(50) == 0)
            return parent;
        var (number, seed) = (parent[0] % _seeds.Length, _seeds[parent[0] % _seeds.Length]);
        if (random.Next(20) == 0)
            return [(byte)number, (byte)random.Next(seed.Proof.Differences), .. parent.AsSpan(Header)];
        var proof = parent[Header..];
        for (var changes = 1 + (random.Next(8) >> random.Next(3)); changes > 0 && proof.Length > 0; changes--)
            proof = ProofMutations.Change(proof, _seeds[number ^ 1].Proof.Bytes, seed.Columns, random);
        return [(byte)number, parent[1], .. proof];
    }

    internal override Outcome Check(byte[] input, Random random)
    {
        if (input.Length < Header || input[0] >= _seeds.Length)
            return new Outcome("no seed", 0);
        var seed = _seeds[input[0]];
        var (isStated, bytes) = (input[1] == AsStated, input.AsMemory(Header));
        var proof = isStated ? seed.Proof : seed.Proof.Claiming(input[1]);
        var (before, held) = (GC.GetAllocatedBytesForCurrentThread(), FieldMemory.HeldWords);
        var error = proof.Verify(bytes);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Require(allocated <= (2 * seed.Allocated) + (1 << 16), $"refusing {bytes.Length} bytes took {allocated} bytes of memory; accepting takes {seed.Allocated}");
        Require(FieldMemory.HeldWords == held, $"{FieldMemory.HeldWords - held} words are not freed after: {error}");
        // Proofs of one statement are proofs of each other's.
        var isProof = isStated && _seeds.Any(each => each.Proof.Bytes.AsSpan().SequenceEqual(bytes.Span) && each.Proof.Stated().Zip(proof.Stated()).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)));
        Require((error is null) == isProof, error is null ? "a changed proof is accepted" : $"a proof is refused: {error}");
        if (error is null)
            return new Outcome(Outcome.Accepted, (ulong)input[0]);
        Require(Codes.Contains(error.Code), $"an unknown refusal: {error}");
        return Outcome.Refused(error);
    }
}
