using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Tests.Proofs;

namespace Aivm.Fuzz.Proofs;

/// <summary>
/// Valid proofs of every kind, changed: each but an unchanged one is refused by name, without an exception, for no more memory than twice what it takes to accept one,
/// and in no more of a thread's time than <see cref="MostTimes"/> acceptances take.
/// </summary>
/// <remarks>An input is the number of its seed, what changes in the statement (255: nothing), and the proof.</remarks>
internal sealed class ProofTarget : FuzzTarget
{
    private const int Header = 2;
    private const int AsStated = 255;
    private const int ProofsOfAKind = 2;

    /// <summary>Nothing a verifier does is done more often for a proof that it refuses: the rest is noise, of collections above all.</summary>
    private const int MostTimes = 8;

    private static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(20);

    /// <summary>What takes too long is offered again, so often: it does so each time.</summary>
    private const int Attempts = 4;

    private static readonly string[] Codes = ["proof-rejected", "proof-malformed", "proof-truncated", "proof-trailing", "proof-statement"];

    private readonly ProofSeed[] _seeds;

    public ProofTarget(string name)
    {
        Name = name;
        var parameters = name == "proofs" ? ProofParameters.Production : ProofParameters.Toy;
        using var randomness = new KnownRandomness(3);
        _seeds =
        [
            .. from kind in SmallProof.Kinds.Concat(CircuitKinds.Names)
               from _ in Enumerable.Range(0, ProofsOfAKind)
               select new ProofSeed(kind, CircuitKinds.Make(kind, parameters)),
        ];
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
        Error? error = null;
        var time = ThreadTime.Of(() => error = proof.Verify(bytes));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Require(allocated <= (2 * seed.Allocated) + (1 << 16), $"refusing {bytes.Length} bytes took {allocated} bytes of memory; accepting takes {seed.Allocated}");
        Require(FieldMemory.HeldWords == held, $"{FieldMemory.HeldWords - held} words are not freed after: {error}");
        for (var attempt = 1; IsSlow(time, seed) && attempt < Attempts; attempt++)
            time = ThreadTime.Of(() => proof.Verify(bytes));
        Require(!IsSlow(time, seed), $"{seed.Kind}: refusing {bytes.Length} bytes took {time.TotalMilliseconds:N1} ms of a thread; accepting takes {seed.Time.TotalMilliseconds:N1}");
        Note(time, seed);
        // Proofs of one statement are proofs of each other's.
        var isProof = isStated && _seeds.Any(each => each.Proof.Bytes.AsSpan().SequenceEqual(bytes.Span) && each.Proof.Stated().Zip(proof.Stated()).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)));
        Require((error is null) == isProof, error is null ? "a changed proof is accepted" : $"a proof is refused: {error}");
        if (error is null)
            return new Outcome(Outcome.Accepted, (ulong)input[0]);
        Require(Codes.Contains(error.Code), $"an unknown refusal: {error}");
        return Outcome.Refused(error);
    }

    private static bool IsSlow(TimeSpan time, ProofSeed seed) => time > Noise + (MostTimes * seed.Time);

    private readonly Dictionary<string, (TimeSpan Longest, TimeSpan Accepting)> _times = [];

    private void Note(TimeSpan time, ProofSeed seed)
    {
        lock (_times)
            if (time > _times.GetValueOrDefault(seed.Kind).Longest)
                _times[seed.Kind] = (time, seed.Time);
    }

    /// <summary>By kind: the longest time of a thread, and what accepting takes.</summary>
    internal override IEnumerable<string> Remarks
    {
        get
        {
            lock (_times)
                return [.. _times.Select(pair => $"{pair.Key}: at most {pair.Value.Longest.TotalMilliseconds:N1} ms of a thread, {pair.Value.Accepting.TotalMilliseconds:N1} to accept one")];
        }
    }
}
