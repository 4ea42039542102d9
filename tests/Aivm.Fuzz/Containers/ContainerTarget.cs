using Aivm.Inference;

namespace Aivm.Fuzz.Containers;

/// <summary>Containers: loaded or refused by name; loaded ones have one encoding and one meaning.</summary>
internal sealed class ContainerTarget : FuzzTarget
{
    /// <summary>Of <see cref="Container.TryDecode"/> and <see cref="GraphAnalysis"/>.</summary>
    public static HashSet<string> Codes { get; } = new(StringComparer.Ordinal)
    {
        "container-magic", "container-version", "container-truncated", "container-trailing", "container-malformed",
        "graph-reference", "graph-type", "graph-shape", "graph-field", "graph-bound", "graph-name", "graph-unused",
        "limit-container", "limit-size", "limit-memory", "limit-macs", "limit-load",
    };

    private static readonly ModelLimits Small = new() { ContainerBytes = 1 << 16, MemoryBytes = 1 << 20, Macs = 1 << 18 };

    public override string Name => "container";

    internal override IReadOnlyList<byte[]> Seeds => ContainerSeeds.All;

    internal override byte[] Mutate(byte[] parent, byte[] other, Random random) =>
        random.Next(64) == 0 ? (byte[])parent.Clone() : ByteMutations.Change(parent, other, random);

    internal override Outcome Check(byte[] input, Random random)
    {
        var limits = random.Next(64) == 0 ? ModelLimits.OnChain : Small;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var accepted = Model.TryLoad(input, limits, out var model, out var error);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Require(allocated <= Bound(input, accepted ? model : null), $"loading {input.Length} bytes took {allocated} bytes of memory");
        if (!accepted)
        {
            Require(Codes.Contains(error.Code), $"an unknown code: {error}");
            return Outcome.Refused(error);
        }
        Require(Container.Encode(model.Graph).AsSpan().SequenceEqual(input), "another encoding of the same graph");
        if (model.Analysis.MemoryBytes <= Small.MemoryBytes && model.Macs <= (ulong)Small.Macs)
            ModelCheck.Run(input, model, random);
        return new Outcome(Outcome.Accepted, Signature(model));
    }

    /// <summary>
    /// The stated bound on the memory that loading takes: a fixed part, names and nodes in proportion to the container, and what is prepared, twice
    /// (its arrays and what they are made from).
    /// </summary>
    private static long Bound(byte[] container, Model? model) =>
        (256 << 10) + (64L * container.Length) + (model is null ? 0 : (3 * model.Analysis.PreparedBytes));

    /// <summary>Which operators, on which types, in about which amount.</summary>
    public static ulong Signature(Model model)
    {
        var signature = new Signature();
        for (var i = 0; i < model.Graph.Nodes.Length; i++)
        {
            var value = model.Analysis.Values[model.Graph.Inputs.Length + i];
            signature.Add((ulong)model.Graph.Nodes[i].Operator);
            signature.Add((ulong)value.Type);
            signature.Add((ulong)value.Shape.Rank);
        }
        signature.Add((ulong)ulong.Log2(model.Gas));
        return signature.Value;
    }
}
