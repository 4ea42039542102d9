using System.Diagnostics;
using System.Text.Json;

namespace Aivm.Tests.Cli;

/// <summary>The real <c>aivm</c> executable in a process of its own, with an empty home.</summary>
internal sealed class CliProcess : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("aivm-cli-");

    // What a provider leaves to the next is the next's of this test alone.
    private readonly DirectoryInfo _memory = Directory.CreateDirectory(
        Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"aivm-cli-{Guid.NewGuid():N}"));

    public sealed record Outcome(int ExitCode, string Output, string Error)
    {
        public JsonElement Json => JsonDocument.Parse(Output).RootElement;
    }

    /// <summary>Of what is started, TZ; null: that of the tests.</summary>
    public string? TimeZone { get; set; }

    public string Home => _home.FullName;

    /// <summary>XDG_RUNTIME_DIR of what is started.</summary>
    public string Memory => _memory.FullName;

    public string PathOf(string name) => Path.Combine(_home.FullName, name);

    public string WriteFile(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public string WriteFile(string name, byte[] bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        return PathOf(name);
    }

    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["AIVM_HOME"] = Home, ["XDG_RUNTIME_DIR"] = Memory, ["NO_COLOR"] = "1" },
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "aivm.dll") },
        };
        if (TimeZone is not null)
            start.Environment["TZ"] = TimeZone;
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>The document of a command that exits 0.</summary>
    public async Task<JsonElement> Succeed(params string[] arguments)
    {
        var outcome = await Run([.. arguments, "--json"]);
        Assert.True(outcome.ExitCode == 0, $"{string.Join(' ', arguments.Take(2))}: {outcome.Error}");
        return outcome.Json;
    }

    public async Task<Outcome> Run(params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var error = process.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return new Outcome(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose()
    {
        _home.Delete(recursive: true);
        _memory.Delete(recursive: true);
    }
}
