using Aivm.Cli.Output;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;
using Spectre.Console;

namespace Aivm.Cli.Accounts;

/// <summary>Keystore passwords: from a file for scripts, typed without echo by people, never on the command line.</summary>
internal static class Password
{
    private const int LongestFile = 4096;

    public static string Existing(FileInfo? file, Terminal terminal) =>
        file is not null ? FromFile(file) : Ask("Password", terminal);

    public static string New(FileInfo? file, Terminal terminal)
    {
        if (file is not null)
            return FromFile(file);
        var password = Ask("New password", terminal);
        return Ask("Again", terminal) == password
            ? password
            : throw new AivmException(Failure.Input, "password-mismatch", "The two passwords differ; nothing was written.");
    }

    private static string FromFile(FileInfo file)
    {
        using var reader = new StreamReader(new MemoryStream(BoundedFile.Read(file.FullName, LongestFile, "password-too-long")));
        return reader.ReadLine() is { Length: > 0 } password
            ? password
            : throw new AivmException(Failure.Input, "password-empty", $"The first line of {file.Name} is empty; it has to be the password.");
    }

    private static string Ask(string question, Terminal terminal)
    {
        if (!terminal.Interactive)
            throw new AivmException(Failure.Input, "password-required", "There is nobody to ask for the password: give --password-file.");
        return terminal.Progress.Prompt(new TextPrompt<string>($"{question}:").Secret(null));
    }
}
