namespace Aivm.Inference;

/// <summary>Turns an analysed graph into steps: chooses kernels and layouts, prepares weights, and shares the workspace.</summary>
internal sealed partial class PlanBuilder
{
    private readonly Graph _graph;
    private readonly GraphAnalysis _analysis;
    private readonly SimdLevel _level;
    private readonly Dictionary<(int Value, Layout Layout), Tensor> _tensors = [];
    private readonly List<Step> _steps = [];
    private readonly List<Block> _blocks = [];

    private PlanBuilder(Graph graph, GraphAnalysis analysis, SimdLevel level) => (_graph, _analysis, _level) = (graph, analysis, level);

    public static Plan Build(Graph graph, GraphAnalysis analysis, SimdLevel level)
    {
        var builder = new PlanBuilder(graph, analysis, level);
        return builder.Build();
    }

    /// <param name="watched">Values whose places are wanted.</param>
    /// <param name="places">The tensors of the watched values, good until a step after the one that yields each of them.</param>
    public static Plan Build(Graph graph, GraphAnalysis analysis, SimdLevel level, ReadOnlySpan<int> watched, out Tensor[] places)
    {
        var builder = new PlanBuilder(graph, analysis, level);
        var plan = builder.Build();
        places = new Tensor[watched.Length];
        for (var i = 0; i < places.Length; i++)
            places[i] = builder.UseAny(watched[i]);
        return plan;
    }

    private Plan Build()
    {
        var inputs = new Tensor[_graph.Inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i] = Define(i, Layout.Planar);
            Touch(inputs[i].Block, step: 0);
        }
        var starts = new int[_graph.Nodes.Length + 1];
        for (var i = 0; i < _graph.Nodes.Length; i++)
        {
            starts[i] = _steps.Count;
            AddNode(_graph.Nodes[i], _graph.Inputs.Length + i);
        }
        starts[^1] = _steps.Count;
        var outputs = new Tensor[_graph.Outputs.Length];
        for (var i = 0; i < outputs.Length; i++)
            outputs[i] = Use(_graph.Outputs[i].Source, Layout.Planar);
        foreach (var output in outputs)
            Touch(output.Block, _steps.Count);
        return new Plan([.. _steps], starts, inputs, outputs, PlaceBlocks());
    }

    /// <summary>The value in the layout that a kernel wants; a conversion is added when it exists only in the other one.</summary>
    private Tensor Use(int value, Layout layout)
    {
        if (_tensors.TryGetValue((value, layout), out var tensor))
            return tensor;
        var other = _tensors[(value, layout == Layout.Planar ? Layout.ChannelsLast : Layout.Planar)];
        if (!other.Info.Shape.HasLayouts)
            return _tensors[(value, layout)] = other with { Layout = layout };
        var converted = Define(value, layout);
        Add(new ConvertLayoutStep(other, converted), other.Block, converted.Block);
        return converted;
    }

    /// <summary>The value in whichever layout exists.</summary>
    private Tensor UseAny(int value) =>
        _tensors.TryGetValue((value, Layout.ChannelsLast), out var tensor) ? tensor : _tensors[(value, Layout.Planar)];

    private Tensor Define(int value, Layout layout)
    {
        var info = _analysis.Values[value];
        return Define(value, layout, Allocate(info.Shape.Elements * ElementTypes.SizeOf(info.Type)));
    }

    private Tensor Define(int value, Layout layout, Block block) => _tensors[(value, layout)] = new Tensor(block, _analysis.Values[value], layout);

    private Block Allocate(long bytes)
    {
        var block = new Block(bytes);
        _blocks.Add(block);
        return block;
    }

    /// <param name="blocks">What the step reads and writes.</param>
    private void Add(Step step, params ReadOnlySpan<Block> blocks)
    {
        foreach (var block in blocks)
            Touch(block, _steps.Count);
        _steps.Add(step);
    }

    private static void Touch(Block block, int step)
    {
        if (block.First < 0)
            block.First = step;
        block.Last = step;
    }

    /// <summary>First fit, in order of first use; a block never shares a byte with another that lives at the same step.</summary>
    private long PlaceBlocks()
    {
        var live = new List<Block>();
        var end = 0L;
        foreach (var block in _blocks.Where(block => block.First >= 0).OrderBy(block => block.First).ToArray())
        {
            live.RemoveAll(other => other.Last < block.First);
            var size = SizeOf(block);
            var (offset, index) = (0L, 0);
            while (index < live.Count && live[index].Offset - offset < size)
            {
                offset = live[index].Offset + SizeOf(live[index]);
                index++;
            }
            block.Offset = offset;
            live.Insert(index, block);
            end = Math.Max(end, offset + size);
        }
        return end;
    }

    private static long SizeOf(Block block) => (block.Bytes + PinnedArray.Slack + 63) / 64 * 64;
}
