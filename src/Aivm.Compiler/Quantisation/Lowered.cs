using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>An integer graph and how well it does on the calibration samples.</summary>
/// <param name="Graph">Found valid.</param>
/// <param name="Layers">The report of each layer.</param>
/// <param name="Reference">By output: what real arithmetic yields for each sample.</param>
/// <param name="Loss">Error of the model's scores over their size, both root mean squares: the worst of its outputs; null where integers are exact or not measured.</param>
internal sealed record Lowered(Graph Graph, IReadOnlyList<LayerReport> Layers, IReadOnlyList<double[][]> Reference, double? Loss)
{
    /// <summary>The loss as a power: what independent errors add up to.</summary>
    public double Noise => Loss * Loss ?? 0;
}
