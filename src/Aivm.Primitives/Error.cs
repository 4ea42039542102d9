namespace Aivm.Primitives;

/// <summary>A named failure: a stable code for programs and a sentence that tells a person what to do.</summary>
/// <param name="Code">Kebab-case and never renamed, e.g. <c>nonce-too-low</c>.</param>
public sealed record Error(string Code, string Message)
{
    public override string ToString() => $"{Code}: {Message}";
}

/// <summary>What kind of failure a command met; the value is the process's exit code.</summary>
public enum Failure
{
    /// <summary>A check that was asked for did not hold.</summary>
    Check = 1,
    /// <summary>The caller's input is wrong.</summary>
    Input = 2,
    /// <summary>Disk, port, network or another part of the environment failed.</summary>
    Environment = 3,
}

/// <summary>Carries an <see cref="Error"/> through tools that run for one user (compiler, CLI, SDK). Never crosses a consensus boundary.</summary>
public class AivmException(Failure failure, string code, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public Failure Failure { get; } = failure;

    public Error Error { get; } = new(code, message);
}
