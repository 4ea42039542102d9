using System.Diagnostics;
using Aivm.Inference;

namespace Aivm.Benchmarks.Gas;

/// <summary>A case planned for this machine's best kernels: its price, and the time of its own steps alone.</summary>
internal sealed unsafe class MeasuredCase
{
    private readonly Plan _plan;
    private readonly PinnedArray _workspace;
    private double _fastest = double.MaxValue;
    private int _runs;

    public MeasuredCase(GasCase measured)
    {
        Case = measured;
        if (!GraphAnalysis.TryAnalyse(measured.Graph, out var analysis, out var error))
            throw new InvalidOperationException($"{measured.Name}: {error}");
        Gas = analysis.GasByValue[measured.Graph.Inputs.Length + measured.Node];
        _plan = PlanBuilder.Build(measured.Graph, analysis, Simd.Level);
        _workspace = new PinnedArray(_plan.WorkspaceBytes);
    }

    public GasCase Case { get; }

    /// <summary>The price of the node, rounded up.</summary>
    public ulong Gas { get; }

    /// <summary>The shortest of all runs.</summary>
    public double Nanoseconds => _fastest;

    public void Run()
    {
        var input = Case.Input.AsSpan();
        foreach (var tensor in _plan.Inputs)
        {
            var values = new Span<long>(_workspace.Pointer + tensor.Block.Offset, (int)tensor.Elements);
            // Turned by some elements in each run: the processor shall not learn the answers by heart.
            var turn = (int)(_runs * 7919L % values.Length);
            input[turn..values.Length].CopyTo(values);
            input[..turn].CopyTo(values[(values.Length - turn)..]);
            input = input[values.Length..];
        }
        _runs++;
        var (first, end) = (_plan.NodeStarts[Case.Node], _plan.NodeStarts[Case.Node + 1]);
        for (var i = 0; i < first; i++)
            _plan.Steps[i].Run(_workspace.Pointer);
        var started = Stopwatch.GetTimestamp();
        for (var i = first; i < end; i++)
            _plan.Steps[i].Run(_workspace.Pointer);
        _fastest = Math.Min(_fastest, Clock.NanosecondsSince(started));
    }
}
