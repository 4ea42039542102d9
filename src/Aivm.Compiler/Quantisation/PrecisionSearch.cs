using Aivm.Compiler.Network;
using Aivm.Primitives;

namespace Aivm.Compiler.Quantisation;

/// <summary>
/// Finds the operands of layers that need 16 bits. A model whose scores 8 bits hardly touch keeps 8. Otherwise each operand is
/// widened alone to see what its 8 bits cost; then as few as possible are widened, the most useful for their price first.
/// </summary>
internal sealed class PrecisionSearch
{
    /// <summary>The error of scores, as a share of their size, that is good enough.</summary>
    public const double Target = 1 / 32.0;

    /// <summary>16 bits that take away less of the error's power than this are not worth their price.</summary>
    private const double LeastUse = 1 / 4.0;

    /// <summary>Where the target is out of reach, this much of what 16 bits can take away is enough.</summary>
    private const double Enough = 7 / 8.0;

    /// <summary>Samples of a trial of one operand.</summary>
    private const int TrialSamples = 8;

    /// <summary>Most multiply-accumulates of all trials, and how many a node takes the time of before it computes anything.</summary>
    private const long WorkBudget = 1L << 33;
    private const long WorkOfAnyNode = 1L << 15;

    private readonly FloatGraph _graph;
    private readonly CalibrationData _samples;
    private readonly IProgress<CompileProgress>? _progress;
    private readonly IReadOnlyList<(FloatNode Operand, long Work)> _choices;

    /// <summary>Quantisation moves scale between layers: each attempt starts from these.</summary>
    private readonly (FloatLinear Layer, double[] Weights)[] _weights;

    private PrecisionSearch(FloatGraph graph, CalibrationData samples, IProgress<CompileProgress>? progress)
    {
        _graph = graph;
        _samples = samples;
        _progress = progress;
        _choices = new Precision(graph, new HashSet<FloatNode>()).Choices();
        _weights = [.. graph.Order().OfType<FloatLinear>().Select(layer => (layer, layer.Weights.ToArray()))];
    }

    public static Lowered Run(FloatGraph graph, PrecisionMode precision, CalibrationData samples, IProgress<CompileProgress>? progress)
    {
        var search = new PrecisionSearch(graph, samples, progress);
        if (precision == PrecisionMode.S16)
            return search.Lower(search._choices.Select(choice => choice.Operand), samples);
        var narrow = search.Lower([], samples);
        // Drawn samples say little about real ones.
        var isSettled = precision == PrecisionMode.S8 || samples.Seeded || narrow.Noise <= Target * Target;
        return isSettled ? narrow : search.Widened(narrow);
    }

    private Lowered Widened(Lowered narrow)
    {
        var order = Useful();
        if (order.Length == 0 || TryLower(order, _samples) is not { } best)
            return narrow;
        var gain = narrow.Noise - best.Noise;
        if (gain < narrow.Noise * LeastUse)
            return narrow;
        var enough = Math.Max(Target * Target, narrow.Noise - gain * Enough);
        // Halving, as if each one more helped: the fewest that are seen to be enough.
        var (tooFew, sufficient) = (0, order.Length);
        while (sufficient - tooFew > 1)
        {
            var half = (tooFew + sufficient) / 2;
            if (TryLower(order[..half], _samples) is { } tried && tried.Noise <= enough)
                (best, sufficient) = (tried, half);
            else
                tooFew = half;
        }
        return best;
    }

    /// <summary>
    /// The operands that help, by the error that each takes away alone for the work of the layers that read it. In a model too large
    /// to try each alone: all, the cheapest first.
    /// </summary>
    private FloatNode[] Useful()
    {
        var affordable = WorkBudget / (_graph.Order().Sum(node => Work.OfSample(node) + WorkOfAnyNode) * (_choices.Count + 1));
        if (affordable == 0)
            return [.. _choices.OrderBy(choice => choice.Work).Select(choice => choice.Operand)];
        var samples = _samples.Part((int)Math.Min(affordable, Math.Min(_samples.Count, TrialSamples)));
        var noise = Lower([], samples).Noise;
        var uses = new List<(FloatNode Operand, double Use)>();
        foreach (var (operand, work) in _choices)
        {
            _progress?.Report(new CompileProgress("precision", uses.Count, _choices.Count));
            uses.Add((operand, TryLower([operand], samples) is { } tried ? (noise - tried.Noise) / Math.Max(work, 1) : 0));
        }
        return [.. uses.Where(choice => choice.Use > 0).OrderByDescending(choice => choice.Use).Select(choice => choice.Operand)];
    }

    private Lowered Lower(IEnumerable<FloatNode> wide, CalibrationData samples)
    {
        foreach (var (layer, weights) in _weights)
            weights.CopyTo(layer.Weights, 0);
        return Lowering.Run(_graph, samples, wide.ToHashSet(), ReferenceEquals(samples, _samples) ? _progress : null);
    }

    /// <summary>Null where no graph comes of it: terms of a sum may end up with scales too far apart.</summary>
    private Lowered? TryLower(IEnumerable<FloatNode> wide, CalibrationData samples)
    {
        try
        {
            return Lower(wide, samples);
        }
        catch (AivmException)
        {
            return null;
        }
    }
}
