using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>How wide a value is.</summary>
/// <param name="Limit">The largest magnitude of its integers.</param>
internal readonly record struct Width(ElementType Type, int Limit)
{
    public static Width Eight { get; } = new(ElementType.S8, 127);

    /// <summary>
    /// What a layer multiplies by weights in 16 bits: at this limit rounding costs a thousandth of what 8 bits cost, and the
    /// accumulator bound leaves the weights their 8 bits up to a fan-in of about 3,000.
    /// </summary>
    public static Width Operand { get; } = new(ElementType.S16, 4095);

    public static Width Sixteen { get; } = new(ElementType.S16, 32767);
}

/// <summary>
/// How wide each value may be: every lowering asks here. 8 bits where a reader takes no more, 16 where they cost no reader
/// anything; the operands of layers, which cost more in 16, have 8 unless they are among the wide ones.
/// </summary>
internal sealed class Precision
{
    private readonly IReadOnlySet<FloatNode> _wide;
    private readonly List<FloatNode> _order;
    private readonly Dictionary<FloatNode, Demand> _demands = [];

    /// <param name="wide">Operands of layers that are given 16 bits.</param>
    public Precision(FloatGraph graph, IReadOnlySet<FloatNode> wide)
    {
        _wide = wide;
        _order = graph.Order();
        Readers = new Readers(graph);
        for (var place = _order.Count - 1; place >= 0; place--)
            _demands.Add(_order[place], Readers.Of(_order[place]).Select(reader => Wants(reader, _order[place])).DefaultIfEmpty(Demand.Sixteen).Min());
    }

    public Readers Readers { get; }

    /// <summary>Whether the samples were drawn, so that a range that the file itself states tells more than they do.</summary>
    public bool Seeded { get; init; }

    /// <summary>The operands of layers, in order, each with the work of the layers that read it.</summary>
    public IReadOnlyList<(FloatNode Operand, long Work)> Choices()
    {
        var work = new Dictionary<FloatNode, long>();
        for (var place = _order.Count - 1; place >= 0; place--)
        {
            // A value may reach a layer by more ways than 64 bits count.
            work.Add(_order[place], Readers.Of(_order[place]).Aggregate(0L, (sum, reader) => Math.Min(Work.MaxPerRun,
                sum + (MovesElements(reader) ? work[reader] : Wants(reader, _order[place]) == Demand.Either ? Work.Of(reader) : 0))));
        }
        return [.. _order
            .Where(node => _demands[node] == Demand.Either && !MovesElements(node))
            .Select(node => (node, work[node]))];
    }

    public Width Of(FloatNode node) => _demands[node] switch
    {
        Demand.Eight => Width.Eight,
        Demand.Either => _wide.Contains(node) || node is FloatActivated { IsState: true } ? Width.Operand : Width.Eight,
        Demand.Bounded => Width.Operand,
        _ => Width.Sixteen,
    };

    /// <summary>What a reader wants of its source. What only moves elements about passes on what its own readers want.</summary>
    private Demand Wants(FloatNode reader, FloatNode source) => reader switch
    {
        // One factor of a product of activations may have 16 bits at no price, both would not fit the accumulator.
        FloatMatMul product when product.Inputs[1] != source => Demand.Bounded,
        FloatSum or FloatAveragePool or FloatLayerNorm or FloatProduct or FloatReduce or FloatCompare or FloatThreshold or FloatArgMax or FloatSoftmax => Demand.Sixteen,
        FloatWhere where => where.Inputs[0] == source ? Demand.Eight : _demands[where],
        FloatLinear or FloatAffine => Demand.Either,
        FloatUnary { Function: UnaryFunction.Clamp } => _demands[reader],
        FloatUnary => Demand.Bounded,
        _ when MovesElements(reader) => _demands[reader],
        _ => Demand.Eight,
    };

    private static bool MovesElements(FloatNode node) => node is FloatReshape or FloatMaxPool or FloatTranspose or FloatGather or FloatConcat or FloatPad;

    private enum Demand
    {
        Eight,
        Either,

        /// <summary>A table's size, or a product, leaves room for this much.</summary>
        Bounded,

        Sixteen,
    }
}
