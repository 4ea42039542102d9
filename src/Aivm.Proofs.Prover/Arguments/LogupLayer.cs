namespace Aivm.Proofs.Prover;

/// <summary>A layer of fractions in halves: numerators and denominators, <paramref name="Half"/> of each.</summary>
internal readonly record struct LogupLayer(ExtView N0, ExtView N1, ExtView D0, ExtView D1, int Half)
{
    public static LogupLayer Take(LogupWorkspace workspace, int half) =>
        new(workspace.Take(half), workspace.Take(half), workspace.Take(half), workspace.Take(half), half);

    /// <summary>Numerators and denominators from the fraction <paramref name="index"/> on, up to the end of its half.</summary>
    public (ExtView Numerators, ExtView Denominators) From(int index) =>
        index < Half ? (N0.From(index), D0.From(index)) : (N1.From(index - Half), D1.From(index - Half));
}
