using Aivm.Primitives;

namespace Aivm.Cli.Output;

/// <summary>Turns whatever escaped from a command into one line and an exit code.</summary>
internal static class Failures
{
    public static int Report(Exception exception, Terminal terminal) => exception switch
    {
        AivmException known => terminal.Fail((int)known.Failure, known.Error.Code, known.Error.Message),
        OperationCanceledException => terminal.Fail(3, "cancelled", "Stopped before the end; nothing further was sent."),
        FileNotFoundException missing => terminal.Fail(2, "file-not-found", $"There is no file '{missing.FileName}'."),
        DirectoryNotFoundException missing => terminal.Fail(2, "file-not-found", missing.Message),
        UnauthorizedAccessException denied => terminal.Fail(3, "access-denied", denied.Message),
        IOException io => terminal.Fail(3, "disk", io.Message),
        HttpRequestException http => terminal.Fail(3, "node-unreachable", http.Message),
        _ => terminal.Fail(3, "internal", $"{exception.GetType().Name}: {exception.Message} This is a defect in aivm; please report it with the command that you ran."),
    };
}
