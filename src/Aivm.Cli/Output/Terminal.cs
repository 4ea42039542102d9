using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Aivm.Primitives;
using Spectre.Console;

namespace Aivm.Cli.Output;

/// <summary>
/// Where a command speaks. With <c>--json</c>, standard output carries one document and nothing else;
/// progress and remarks go to standard error, and only when a person reads along.
/// </summary>
public sealed class Terminal
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // Floats of other people's models need not be numbers.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new HexJson<Hash256>(), new HexJson<Address>() },
    };

    /// <summary>Wide enough for every table: a file has no edge to wrap at.</summary>
    private const int RedirectedWidth = 200;

    private const int LongestCell = 64;
    private const int LongestFailure = 1_000;

    private readonly TextWriter _out;
    private readonly TextWriter _error;

    public Terminal(TextWriter output, TextWriter error, bool json)
    {
        _out = output;
        _error = error;
        Json = json;
        Screen = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected)
            Screen.Profile.Width = RedirectedWidth;
        Progress = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
    }

    public bool Json { get; }

    /// <summary>Tables and colours for people; never written to with <c>--json</c>.</summary>
    public IAnsiConsole Screen { get; }

    /// <summary>Standard error, for progress and remarks.</summary>
    public IAnsiConsole Progress { get; }

    public bool Interactive => !Json && !Console.IsInputRedirected && !Console.IsOutputRedirected;

    /// <summary>The command's result: the document with <c>--json</c>, else what <paramref name="human"/> writes.</summary>
    public void Result<T>(T document, Action human)
    {
        if (Json)
            Document(document);
        else
            human();
    }

    /// <summary>A result that is a document for people too.</summary>
    public void Document<T>(T document) => _out.WriteLine(JsonSerializer.Serialize(document, JsonOptions));

    /// <summary>A line that is not part of the result.</summary>
    public void Remark(string text)
    {
        if (!Json)
            _error.WriteLine(Plain(text));
    }

    public void Line(string text = "") => _out.WriteLine(Plain(text));

    /// <summary>For a table, where brackets mean colours.</summary>
    public static string Cell(string text) => Markup.Escape(Plain(text.Length > LongestCell ? $"{text[..LongestCell]}…" : text));

    /// <summary>As <see cref="Cell(string)"/>, of several lines.</summary>
    public static string Cell(IEnumerable<string> lines) => string.Join('\n', lines.Select(Cell));

    /// <summary>One line on standard error that says what to do; returns the exit code.</summary>
    public int Fail(int exitCode, string code, string message)
    {
        var line = Plain(message.ReplaceLineEndings(" "));
        _error.WriteLine($"aivm: {code}: {(line.Length > LongestFailure ? $"{line[..LongestFailure]}…" : line)}");
        return exitCode;
    }

    /// <summary>Names in models and messages are other people's: none of them may steer the terminal.</summary>
    private static string Plain(string text) =>
        string.Create(text.Length, text, (plain, source) =>
        {
            for (var i = 0; i < plain.Length; i++)
                plain[i] = char.IsControl(source[i]) || Turns(source[i]) ? '\uFFFD' : source[i];
        });

    /// <summary>Marks that reverse the letters behind them, or end the line.</summary>
    private static bool Turns(char letter) =>
        letter is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>Shows a spinner while a step takes longer than a moment; the step itself decides nothing by it.</summary>
    public async Task<T> Step<T>(string title, Func<IProgress<string>, Task<T>> work)
    {
        if (Json || Console.IsErrorRedirected)
            return await work(new Progress<string>(_ => { }));
        return await Progress.Status().Spinner(Spinner.Known.Dots).StartAsync(
            Markup.Escape(title), context => work(new Reporter(text => context.Status(Markup.Escape($"{title}: {text}")))));
    }

    private sealed class Reporter(Action<string> report) : IProgress<string>
    {
        public void Report(string value) => report(value);
    }
}
