using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>What building takes, so that whoever pays for it can say how far it may go. Prices are nanoseconds, measured (docs/benchmarks/gas.md).</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>Of any value, before the first node.</summary>
    private const int ValueWork = 20;

    /// <summary>Of any node.</summary>
    private const int NodeWork = 5_000;

    /// <summary>Of an element of its sources or of its result, in one sample: samples lie alike.</summary>
    private const int ElementWork = 6;

    private const int WeightWork = 2;

    /// <summary>Of a position of a window's tap.</summary>
    private const int TapWork = 4;

    /// <summary>Of a number that a sum over addresses reads, in every sample.</summary>
    private const int SummandWork = 12;

    /// <summary>Of a split or a leaf of a tree.</summary>
    private const int SplitWork = 100;

    /// <summary>Of a feature that private trees may test, in both ways of missing.</summary>
    private const int FeatureWork = 200;

    /// <summary>Of a row of a table, its entries apart.</summary>
    private const int RowWork = 8;

    /// <summary>Of a row in one of the columns that all tables have in common.</summary>
    private const int ColumnWork = 1;

    /// <summary>Of a statement, and of each of its summands.</summary>
    private const int SiteWork = 3_000;

    private const int TermWork = 150;

    /// <summary>Of a public number, in every sample.</summary>
    private const int PublicWork = 8;

    /// <summary>Of an entry of a softmax's table.</summary>
    private const int ExponentialWork = 150;

    /// <summary>Of a number of 64 bits.</summary>
    private const int MaxLimbs = 6;

    /// <summary>Elements of one value in all samples: memory and numbers of 32 bits bear as many.</summary>
    private const int MaxElements = 1 << 26;

    /// <summary>Of a statement's channel; where channels differ, of that in each summand.</summary>
    private const int ChannelWork = 30;

    private readonly Dictionary<LookupTable, int> _rowsCounted = [];

    /// <summary>Counts what a node's shapes say before it is begun.</summary>
    private void Foresee(GraphNode node, int value)
    {
        var (elements, isPublic) = (Int128.Zero, true);
        foreach (var source in node.Sources)
        {
            elements += (Int128)RequireFits(_infos[source]) * Math.Max(1, _values[source].Limbs.Length);
            isPublic &= _values[source].IsPublic;
        }
        elements += (Int128)RequireFits(_infos[value]) * (isPublic || CircuitValue.IsNarrow(_infos[value]) ? 1 : MaxLimbs);
        Spend(NodeWork + (elements * ElementWork) + OwnWork(node, value) + (isPublic ? elements * samples * PublicWork : 0));
    }

    private long RequireFits(ValueInfo info) =>
        info.Shape.Elements * samples <= MaxElements ? info.Shape.Elements : throw CircuitLimit.TooLarge($"a value of {info.Shape.Elements} elements in {samples} samples");

    private void SpendOnPublic(ValueInfo info) => Spend(NodeWork + ((Int128)RequireFits(info) * (ElementWork + (samples * PublicWork))));

    private Int128 OwnWork(GraphNode node, int value) => node switch
    {
        ConvNode n => ((Int128)n.Weights.Count * WeightWork) + TapsOf(n.Window, _infos[value].Shape),
        DenseNode n => (Int128)n.Weights.Count * WeightWork,
        MaxPoolNode n => TapsOf(n.Window, _infos[value].Shape),
        AveragePoolNode n => TapsOf(n.Window, _infos[value].Shape),
        SumNode n => (Int128)_infos[n.Source].Shape.Elements * samples * SummandWork,
        WideDenseNode n => _infos[n.Source].Shape.Elements / _infos[n.Source].Shape.Last * (Int128)n.Weights.Count * samples * SummandWork,
        TreeEnsembleNode n => ((Int128)n.Splits.Count * SplitWork) + (((Int128)n.Trees.Length * MaxLimbs * SummandWork) + SplitWork) * n.Targets * samples,
        RankNode n => (Int128)n.Thresholds.Count * WeightWork,
        ArgMaxNode n => (Int128)_infos[n.Source].Shape.Elements * samples * SummandWork,
        LayerNormNode n => (Int128)_infos[n.Source].Shape.Elements * samples * SummandWork,
        _ => 0,
    };

    private static Int128 TapsOf(Window window, Shape result) => (Int128)window.Kernel.Height * window.Kernel.Width * result[1] * result[2] * TapWork;

    private void SpendOnSite(int channels, ImmutableArray<Summand> summands)
    {
        var arrays = summands.Any(summand => summand.Factors.Length > 1) ? summands.Length : 1;
        Spend(SiteWork + ((Int128)summands.Length * TermWork) + ((Int128)arrays * channels * ChannelWork));
    }

    /// <summary>What tables have grown by since they were looked up last.</summary>
    private void SpendOnRows(ImmutableArray<LookupTable> tables)
    {
        foreach (var table in tables)
        {
            Spend((long)(table.Rows - _rowsCounted.GetValueOrDefault(table)) * (RowWork + (table.Columns * (long)table.EntryWork)));
            _rowsCounted[table] = table.Rows;
        }
    }

    private void Spend(Int128 work)
    {
        if (!meter.TryTake(work))
            throw new CircuitLimit(new("proof-work", $"building the proof's circuit takes more than the limit: {meter.Work} so far"));
    }
}
