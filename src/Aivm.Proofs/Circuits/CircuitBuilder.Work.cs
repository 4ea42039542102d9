using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>What building takes, so that whoever pays for it can say how far it may go. Prices are nanoseconds, measured (docs/benchmarks/gas.md).</summary>
internal sealed partial class CircuitBuilder
{
    /// <summary>Of any node.</summary>
    private const int NodeWork = 3_000;

    /// <summary>Of an element of its sources or of its result, in one sample: samples lie alike.</summary>
    private const int ElementWork = 8;

    private const int WeightWork = 2;

    /// <summary>Of a position of a window's tap.</summary>
    private const int TapWork = 4;

    /// <summary>Of a number that a sum over addresses reads, in every sample.</summary>
    private const int SummandWork = 12;

    /// <summary>Of a split or a leaf of a tree.</summary>
    private const int SplitWork = 100;

    /// <summary>Of a row of a table, all its entries together.</summary>
    private const int RowWork = 20;

    /// <summary>Of a lookup's or an equality's channel.</summary>
    private const int ChannelWork = 30;

    private readonly Dictionary<LookupTable, int> _rowsCounted = [];
    private int _lookupsCounted;
    private int _equalitiesCounted;

    /// <summary>Counts what a node's shapes say before it is begun.</summary>
    private Error? Foresee(GraphNode node, int value)
    {
        Int128 elements = _infos[value].Shape.Elements;
        foreach (var source in node.Sources)
            elements += _infos[source].Shape.Elements;
        return Take(NodeWork + (elements * ElementWork) + OwnWork(node, value));
    }

    private Int128 OwnWork(GraphNode node, int value) => node switch
    {
        ConvNode n => ((Int128)n.Weights.Count * WeightWork) + TapsOf(n.Window, _infos[value].Shape),
        DenseNode n => (Int128)n.Weights.Count * WeightWork,
        MaxPoolNode n => TapsOf(n.Window, _infos[value].Shape),
        AveragePoolNode n => TapsOf(n.Window, _infos[value].Shape),
        SumNode n => (Int128)_infos[n.Source].Shape.Elements * samples * SummandWork,
        WideDenseNode n => _infos[n.Source].Shape.Elements / _infos[n.Source].Shape.Last * (Int128)n.Weights.Count * samples * SummandWork,
        TreeEnsembleNode n => ((Int128)n.Splits.Count * SplitWork) + ((Int128)n.Trees.Length * n.Targets * samples * SummandWork),
        _ => 0,
    };

    private static Int128 TapsOf(Window window, Shape result) => (Int128)window.Kernel.Height * window.Kernel.Width * result[1] * result[2] * TapWork;

    /// <summary>Counts what a node has added: statements, and rows of the tables that it looks up.</summary>
    private Error? Account()
    {
        Int128 work = 0;
        for (; _lookupsCounted < Lookups.Count; _lookupsCounted++)
        {
            var site = Lookups[_lookupsCounted];
            work += (Int128)site.Grid.Channels * site.Summands.Length * ChannelWork;
            foreach (var table in site.Tables)
            {
                work += (long)(table.Rows - _rowsCounted.GetValueOrDefault(table)) * RowWork;
                _rowsCounted[table] = table.Rows;
            }
        }
        for (; _equalitiesCounted < Equalities.Count; _equalitiesCounted++)
            work += (Int128)Equalities[_equalitiesCounted].Grid.Channels * Equalities[_equalitiesCounted].Summands.Length * ChannelWork;
        return Take(work);
    }

    private Error? Take(Int128 work) => meter.TryTake(work)
        ? null
        : new("proof-work", $"building the proof's circuit takes more than the limit: {meter.Work} so far");
}
