using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Ends the building of a circuit from any depth of it, before memory is taken. <see cref="CircuitBuilder"/> catches it: it never leaves a builder.</summary>
internal sealed class CircuitLimit(Error error) : Exception(error.Message)
{
    public Error Error => error;

    public static CircuitLimit TooLarge(string what) => new(new("proof-unsupported", $"the model, or the batch, is too large for one proof: {what}"));
}
