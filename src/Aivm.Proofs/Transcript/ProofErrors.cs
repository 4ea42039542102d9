using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Why a proof was refused: the codes, each in one place.</summary>
public static class ProofErrors
{
    /// <summary>The proof ends before it should.</summary>
    public static Error Truncated { get; } = new("proof-truncated", "The proof ends before its last message: send all of it.");

    /// <summary>The proof goes on after its last message.</summary>
    public static Error Trailing { get; } = new("proof-trailing", "Bytes follow the proof's last message: send the proof alone.");

    /// <summary>Bytes that encode nothing: an element that is not below the modulus, a length out of its range.</summary>
    public static Error Malformed(string message) => new("proof-malformed", message);

    /// <summary>A check failed: the statement is not proved.</summary>
    /// <param name="message">Names the check.</param>
    public static Error Rejected(string message) => new("proof-rejected", message);

    /// <summary>A model, a version or a mode that this verifier does not take.</summary>
    public static Error Unsupported(string message) => new("proof-unsupported", message);

    /// <summary>The model is too large for the soundness that is demanded.</summary>
    public static Error Soundness(string message) => new("proof-soundness", message);
}
