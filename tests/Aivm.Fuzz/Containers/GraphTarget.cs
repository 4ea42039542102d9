using System.Buffers.Binary;
using Aivm.Inference;

namespace Aivm.Fuzz.Containers;

/// <summary>
/// Graphs behind the container's reader: fields of a sound graph changed one by one, so that every input reaches the rules of
/// <see cref="GraphAnalysis"/>. An input is a list of numbers to change by, then a container.
/// </summary>
internal sealed class GraphTarget : FuzzTarget
{
    private const int MaxChanges = 6;

    private static readonly ModelLimits Limits = new() { MemoryBytes = 1 << 20, Macs = 1 << 18 };

    public override string Name => "graph";

    internal override IReadOnlyList<byte[]> Seeds { get; } = [.. ContainerSeeds.All.Select(container => (byte[])[0, .. container])];

    /// <summary>One change more; where there are enough, the last ones anew.</summary>
    internal override byte[] Mutate(byte[] parent, byte[] other, Random random)
    {
        var kept = Math.Min(parent[0], (byte)random.Next(MaxChanges));
        Span<byte> change = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(change, random.Next());
        return [(byte)(kept + 1), .. parent.AsSpan(1, 4 * kept), .. change, .. parent.AsSpan(1 + (4 * parent[0]))];
    }

    internal override Outcome Check(byte[] input, Random random)
    {
        var container = input.AsSpan(1 + (4 * input[0]));
        Require(Container.TryDecode(container, ModelLimits.OnChain, out var graph, out var fault), $"a seed is refused: {fault}");
        for (var i = 0; i < input[0]; i++)
            graph = GraphMutations.Change(graph, new Random(BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(1 + (4 * i)))));
        if (!GraphAnalysis.TryAnalyse(graph, Limits, out _, out var error))
        {
            Require(ContainerTarget.Codes.Contains(error.Code), $"an unknown code: {error}");
            return Outcome.Refused(error);
        }
        return Loaded(Container.Encode(graph), random);
    }

    /// <summary>What the analysis accepts, the reader does: field widths hold every legal value.</summary>
    private static Outcome Loaded(byte[] container, Random random)
    {
        Require(Model.TryLoad(container, ModelLimits.OnChain, out var model, out var error), $"an encoded graph is refused: {error}");
        Require(Container.Encode(model.Graph).AsSpan().SequenceEqual(container), "another encoding of the same graph");
        ModelCheck.Run(container, model, random);
        return new Outcome(Outcome.Accepted, ContainerTarget.Signature(model));
    }
}
