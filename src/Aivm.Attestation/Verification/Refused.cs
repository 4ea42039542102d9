using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>
/// Carries the first check that failed from where it failed to the edge of this assembly, and no further: <see cref="Catch"/> turns it into a
/// value there. A verification is a long list of checks with one outcome, which reads better without a result to pass on at every line.
/// </summary>
internal sealed class Refused(string code, string message) : Exception(message)
{
    /// <summary>The code for an exception that no check foresaw: the evidence is refused all the same. Tests see to it that it is never met.</summary>
    public const string Unforeseen = "verifier-defect";

    public Error Error { get; } = new(code, message);

    public static void Unless([DoesNotReturnIf(false)] bool holds, string code, string message)
    {
        if (!holds)
            throw new Refused(code, message);
    }

    /// <summary>What the work gives, or the named reason why it gave nothing. Throws nothing that the work throws.</summary>
    public static bool Catch<T>(Func<T> work, [NotNullWhen(true)] out T? result, [NotNullWhen(false)] out Error? error)
        where T : class
    {
        (result, error) = (null, null);
        try
        {
            result = work();
            return true;
        }
        catch (Refused refused)
        {
            error = refused.Error;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            error = new Error(Unforeseen, $"The verifier met a {exception.GetType().Name} that it does not know. Please report it with the evidence.");
        }
        return false;
    }
}
