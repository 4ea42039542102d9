using System.Runtime.InteropServices;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>A linear function of committed weights: what evaluating a term leaves to show about them.</summary>
internal abstract class WeightForm : IDisposable
{
    /// <summary>Its coefficients, for provers.</summary>
    public abstract OuterProducts Coefficients { get; }

    /// <summary>The coefficients' multilinear polynomial at a point.</summary>
    public abstract Ext4 Evaluate(EqPoint point);

    public abstract void Dispose();
}

/// <summary>
/// Coefficients of a rectangle's cells. Positions are taps times the rows' factors, tap after tap, in as many blocks of equal length as there are taps and
/// groups: that of cell (p, c) is Rows[p mod its length] * Columns[block of p * channels + c].
/// </summary>
internal readonly record struct OuterProducts(Storage Place, ExtArray Rows, ExtArray Columns, int Groups)
{
    public int Blocks => Place.Positions / Rows.Length * Groups;

    public int RowsOfBlock => Rows.Length / Groups;

    /// <summary>Where a block's factors begin among the rows'.</summary>
    public int FirstRow(int block) => block % Groups * RowsOfBlock;
}

/// <summary>The sum over o, i, tap of columns[o] * inputs[tap * channels + i] * w[o, i, tap], i counted over all channels and o's group reading its own.</summary>
internal sealed class LayerForm : WeightForm
{
    private readonly Storage _place;
    private readonly ExtArray _columns;
    private readonly ExtArray _inputs;
    private readonly int _groups;
    private readonly int _taps;

    /// <param name="columns">Its own from here on, and <paramref name="inputs"/> too.</param>
    public LayerForm(Storage place, ExtArray columns, ExtArray inputs, int groups)
    {
        (_place, _columns, _inputs, _groups) = (place, columns, inputs, groups);
        _taps = place.Positions / columns.Length;
    }

    private int Stride => _inputs.Length / _taps;

    private int OutputsOfGroup => _columns.Length / _groups;

    private int FirstInput(int tap, int output) => (tap * Stride) + (output / OutputsOfGroup * _place.Channels);

    public override OuterProducts Coefficients => new(_place, _columns, _inputs, _groups);

    public override Ext4 Evaluate(EqPoint point)
    {
        var (sum, cells) = (Ext4.Zero, point.Of(_place));
        if (OutputsOfGroup == 1 && _place.Channels == 1)
            return EvaluateEachOutput(cells);
        if (OutputsOfGroup + _place.Channels <= Short)
            return EvaluateShortGroups(cells);
        for (var tap = 0; tap < _taps; tap++)
            for (var o = 0; o < _columns.Length; o += OutputsOfGroup)
                sum += ExtKernels.Dot(_columns, o, cells.Rows, cells.FirstRow + (tap * _columns.Length) + o, OutputsOfGroup)
                    * ExtKernels.Dot(_inputs, FirstInput(tap, o), cells.Columns, cells.FirstColumn, _place.Channels);
        return sum;
    }

    /// <summary>Outputs and inputs of a group that are too few for vectors.</summary>
    private const int Short = 8;

    private Ext4 EvaluateShortGroups(in GridWeights cells)
    {
        var sum = Ext4.Zero;
        for (var tap = 0; tap < _taps; tap++)
            for (var first = 0; first < _columns.Length; first += OutputsOfGroup)
            {
                var (left, right, input) = (Ext4.Zero, Ext4.Zero, FirstInput(tap, first));
                for (var o = first; o < first + OutputsOfGroup; o++)
                    left += _columns[o] * cells.Row((tap * _columns.Length) + o);
                for (var i = 0; i < _place.Channels; i++)
                    right += _inputs[input + i] * cells.Column(i);
                sum += left * right;
            }
        return sum;
    }

    /// <summary>The same where every output has one input of its own.</summary>
    private Ext4 EvaluateEachOutput(in GridWeights cells)
    {
        var (sum, outputs) = (Ext4.Zero, _columns.Length);
        using var products = new ExtArray(outputs);
        for (var tap = 0; tap < _taps; tap++)
        {
            products.Clear();
            ExtKernels.AddProducts(products, 0, _columns, 0, cells.Rows, cells.FirstRow + (tap * outputs), outputs);
            sum += ExtKernels.Dot(products, 0, _inputs, FirstInput(tap, 0), outputs);
        }
        return sum * cells.Column(0);
    }

    public override void Dispose()
    {
        _columns.Dispose();
        _inputs.Dispose();
    }
}

/// <summary>The sum over o of columns[o] * b[o].</summary>
internal sealed class BiasForm(Storage place, ExtArray columns) : WeightForm
{
    private readonly ExtArray _one = ExtArray.Of([Ext4.One]);

    public override OuterProducts Coefficients => new(place, _one, columns, 1);

    public override Ext4 Evaluate(EqPoint point)
    {
        var cells = point.Of(place);
        return cells.Row(0) * ExtKernels.Dot(columns, 0, cells.Columns, cells.FirstColumn, place.Channels);
    }

    public override void Dispose()
    {
        _one.Dispose();
        columns.Dispose();
    }
}

/// <summary>A private bias: the same number b[c] in each cell of a channel.</summary>
/// <param name="numbers">For who sums up what they are.</param>
internal sealed class BiasTerm(Storage place, int positions, LayerWeights? numbers = null) : Term
{
    /// <summary>It counts among what both sides know up to the weights.</summary>
    internal override bool ReadsPublic => true;

    internal override bool ReadsWeights => true;

    internal override bool ReadsCells => false;

    internal override long EvaluationWork => ((2L * place.Channels) + positions) * VerificationWork.Product;

    internal override void AddTranspose(in GridWeights weights, ExtArray coefficients)
    {
    }

    internal override Ext4 Evaluate(in GridWeights weights, Assignment assignment)
    {
        assignment.Forms.Add(new BiasForm(place, weights.CopyColumns(place.Channels, assignment.Scale * weights.SumOfRows(positions))));
        return Ext4.Zero;
    }

    internal override IEnumerable<(int Weight, int? Address)> WeightsAt(int position, int channel) => [(place.Base + channel, null)];

    internal override long ValueAt(Func<int, long> read, int position, int channel) =>
        numbers?.At(channel) ?? throw new InvalidOperationException("A committed bias is no cell.");
}

/// <summary>Committed weights as they lie in their oracle: cell (p, first + step * c) of their place.</summary>
internal sealed class WeightTerm(Storage place, int first = 0, int step = 1) : Term
{
    internal override bool ReadsPublic => true;

    internal override bool ReadsWeights => true;

    internal override bool ReadsCells => false;

    internal override long EvaluationWork => 2L * (place.Channels + place.Positions) * VerificationWork.Product;

    internal override void AddTranspose(in GridWeights weights, ExtArray coefficients)
    {
    }

    internal override Ext4 Evaluate(in GridWeights weights, Assignment assignment)
    {
        var columns = new ExtArray(place.Channels);
        for (var c = 0; c < place.Channels / step; c++)
            columns[first + (step * c)] = assignment.Scale * weights.Column(c);
        assignment.Forms.Add(new GridForm(place, weights.CopyRows(place.Positions), columns));
        return Ext4.Zero;
    }

    internal override IEnumerable<(int Weight, int? Address)> WeightsAt(int position, int channel) =>
        [(place.Base + (position * place.Width) + first + (step * channel), null)];

    internal override long ValueAt(Func<int, long> read, int position, int channel) => throw new InvalidOperationException("A committed weight is no cell.");
}

/// <summary>The sum over a rectangle of rows[p] * columns[c] * w[p, c].</summary>
internal sealed class GridForm(Storage place, ExtArray rows, ExtArray columns) : WeightForm
{
    public override OuterProducts Coefficients => new(place, rows, columns, 1);

    public override Ext4 Evaluate(EqPoint point)
    {
        var cells = point.Of(place);
        return ExtKernels.Dot(rows, 0, cells.Rows, cells.FirstRow, place.Positions)
            * ExtKernels.Dot(columns, 0, cells.Columns, cells.FirstColumn, place.Channels);
    }

    public override void Dispose()
    {
        rows.Dispose();
        columns.Dispose();
    }
}

/// <summary>
/// Where committed weights lie in their oracle: layer after layer the weights, then the bias, of trees the codes of edges, then the values of leaves, of embeddings
/// the rows, and at the end random cells. All of these are committed, of a model whose weights are.
/// </summary>
/// <param name="openings">That hide them, of one commitment: <see cref="MaxOpenings"/> of private weights, 0 of public ones.</param>
internal sealed class WeightLayout(int openings)
{
    private readonly List<(int Node, LayerWeights Weights, Storage Bias)> _layers = [];
    private readonly List<(int Node, HiddenNumbers Weights, HiddenNumbers Bias)> _wideLayers = [];
    private readonly List<(int Node, HiddenTrees Trees)> _ensembles = [];
    private readonly List<(int Node, HiddenRows Rows)> _embeddings = [];
    private int _count;

    /// <summary>Of public weights, as every circuit of the model has them. Errors: <c>proof-unsupported</c>, <c>proof-work</c>.</summary>
    /// <param name="meter">Counts the work, before it is done.</param>
    public static bool TryCreate(Graph architecture, GraphAnalysis analysis, WorkMeter meter, out WeightLayout layout, out Error error)
    {
        var builder = new CircuitBuilder(architecture, analysis, samples: 1, ProofPrivacy.CommittedWeights, meter);
        error = builder.LayOutWeights()!;
        layout = builder.Weights!;
        return error is null;
    }

    public bool IsEmpty => _layers.Count == 0 && _wideLayers.Count == 0 && _ensembles.Count == 0 && _embeddings.Count == 0;

    /// <summary>Cells, the random ones included.</summary>
    public int CellCount => RandomCells.End;

    /// <summary>Where weights and biases lie: all cells but the random ones, and those in between, which are 0.</summary>
    public IEnumerable<Storage> Places => _layers.SelectMany(layer => (Storage[])[layer.Weights.Place!, layer.Bias])
        .Concat(_wideLayers.SelectMany(layer => layer.Weights.Limbs.Concat(layer.Bias.Limbs)).Select(limb => limb.Place!))
        .Concat(_ensembles.SelectMany(ensemble => (Storage[])[ensemble.Trees.Codes, .. ensemble.Trees.Values]))
        .Concat(_embeddings.Select(embedding => embedding.Rows.Place));

    /// <summary>Of them those of layers whose weights have 8 bits: the others are cut into limbs, or follow from trees.</summary>
    public long PlainCells => _layers.Sum(layer => (long)layer.Weights.Place!.Positions * layer.Weights.Place.Width);

    /// <summary>As many that the values of all openings that hide are uniform.</summary>
    public Storage RandomCells => new(_count, OracleShape.HidingCells(openings), 1);

    /// <summary>That hide the weights: 0 of public ones, which any number may show.</summary>
    public int Openings => openings;

    /// <summary>Proofs that one commitment to private weights may serve. Each adds random coefficients to every row, and so bytes to every proof.</summary>
    public const int MaxOpenings = 16;

    public LayerWeights Add(int node, int outputs, int inputsPerGroup, int taps, out Storage bias)
    {
        var weights = LayerWeights.Committed(Reserve(taps * outputs, inputsPerGroup));
        bias = Reserve(1, outputs);
        _layers.Add((node, weights, bias));
        return weights;
    }

    /// <summary>Weights and biases of 64 bits, limb by limb.</summary>
    public (HiddenNumbers Weights, HiddenNumbers Bias) AddWide(int node, int outputs, int inputs, LimbCut weights, LimbCut bias)
    {
        HiddenNumbers Limbs(LimbCut cut, int positions, int channels) =>
            new([.. Enumerable.Range(0, cut.Count).Select(_ => LayerWeights.Committed(Reserve(positions, channels)))], cut);

        var layer = (node, Limbs(weights, outputs, inputs), Limbs(bias, 1, outputs));
        _wideLayers.Add(layer);
        return (layer.Item2, layer.Item3);
    }

    /// <param name="targets">Of the tree that has the most.</param>
    public HiddenTrees AddTrees(int node, TreePaths paths, int targets, LimbCut cut)
    {
        Storage Edges() => Reserve(HiddenTrees.PositionsOf(paths), Circuit.TableColumns);

        var trees = new HiddenTrees(paths, Edges(), [.. Enumerable.Range(0, targets * cut.Count).Select(_ => Edges())], cut);
        _ensembles.Add((node, trees));
        return trees;
    }

    /// <param name="count">Numbers in all rows.</param>
    public HiddenRows AddRows(int node, int count)
    {
        var rows = new HiddenRows(Reserve((count + Circuit.TableColumns - 1) / Circuit.TableColumns, Circuit.TableColumns));
        _embeddings.Add((node, rows));
        return rows;
    }

    private Storage Reserve(int positions, int channels)
    {
        var storage = new Storage(0, positions, channels);
        storage = storage with { Base = (_count + storage.Width - 1) & -storage.Width };
        _count = storage.End;
        return storage;
    }

    /// <summary>Gives a prover the graph's weights.</summary>
    /// <returns>The oracle's cells, the random ones 0.</returns>
    public int[] Reveal(Graph graph)
    {
        var cells = new int[CellCount];
        foreach (var (node, weights, biasPlace) in _layers)
        {
            var (numbers, bias) = graph.Nodes[node] is ConvNode conv ? (conv.Weights, conv.Bias) : (((DenseNode)graph.Nodes[node]).Weights, ((DenseNode)graph.Nodes[node]).Bias);
            weights.Reveal(numbers);
            WriteLayer(MemoryMarshal.Cast<byte, sbyte>(numbers.Bytes), weights.Place!, bias.Count, cells);
            for (var o = 0; o < bias.Count; o++)
                cells[biasPlace.Base + o] = (int)bias[o];
        }
        foreach (var (node, weights, bias) in _wideLayers)
        {
            var (numbers, offsets) = graph.Nodes[node] is WideDenseNode dense ? (dense.Weights, dense.Bias) : (((QuantiseNode)graph.Nodes[node]).Multipliers, ((QuantiseNode)graph.Nodes[node]).Offsets);
            weights.Reveal(numbers, cells);
            bias.Reveal(offsets, cells);
        }
        foreach (var (node, trees) in _ensembles)
            trees.Reveal((TreeEnsembleNode)graph.Nodes[node], cells);
        foreach (var (node, rows) in _embeddings)
            rows.Reveal(((EmbeddingNode)graph.Nodes[node]).Table, cells);
        return cells;
    }

    /// <param name="numbers">[outputs, inputs, taps].</param>
    private static void WriteLayer(ReadOnlySpan<sbyte> numbers, Storage place, int outputs, int[] cells)
    {
        var (inputs, taps) = (place.Channels, place.Positions / outputs);
        for (var tap = 0; tap < taps; tap++)
            for (var o = 0; o < outputs; o++)
            {
                var from = numbers[((o * inputs * taps) + tap)..];
                var to = cells.AsSpan(place.Base + (((tap * outputs) + o) * place.Width), inputs);
                for (var i = 0; i < to.Length; i++)
                    to[i] = from[i * taps];
            }
    }
}

/// <summary>Committed numbers of 64 bits: the rectangle of each limb, all alike.</summary>
internal sealed record HiddenNumbers(LayerWeights[] Limbs, LimbCut Cut)
{
    /// <summary>Tells a prover the numbers, and writes them to their cells.</summary>
    public void Reveal(Constant numbers, int[] cells)
    {
        for (var k = 0; k < Limbs.Length; k++)
        {
            var place = Limbs[k].Place!;
            var limbs = new sbyte[numbers.Count];
            for (var i = 0; i < limbs.Length; i++)
            {
                limbs[i] = (sbyte)Cut.LimbOf(numbers[i], k);
                cells[place.Base + (i / place.Channels * place.Width) + (i % place.Channels)] = limbs[i];
            }
            Limbs[k].Reveal(Constant.S8([limbs.Length], limbs));
        }
    }
}
