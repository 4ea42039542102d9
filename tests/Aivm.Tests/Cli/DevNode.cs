using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Aivm.Tests.Cli;

/// <summary><c>aivm dev</c> in a process of its own, which can be killed and started again.</summary>
internal sealed class DevNode : IDisposable
{
    private Process _process;

    private DevNode(Process process, string url) => (_process, Url) = (process, url);

    public string Url { get; }

    public static async Task<DevNode> StartAsync(CliProcess cli, params string[] options)
    {
        var (process, url) = await StartProcessAsync(cli, ["--port", "0", .. options]);
        return new DevNode(process, url);
    }

    /// <summary>Ends the process as a power cut would, and starts another on the same port.</summary>
    /// <param name="options">The same directory, the same genesis.</param>
    public async Task KillAndRestartAsync(CliProcess cli, TimeSpan pause, params string[] options)
    {
        Dispose();
        await Task.Delay(pause);
        (_process, _) = await StartProcessAsync(cli, ["--port", $"{new Uri(Url).Port}", .. options]);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task<(Process Process, string Url)> StartProcessAsync(CliProcess cli, string[] options)
    {
        var process = cli.Start(["dev", "--json", .. options]);
        var document = new StringBuilder();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            document.AppendLine(line);
            if (line == "}")
                return (process, JsonDocument.Parse(document.ToString()).RootElement.GetProperty("url").GetString()!);
        }
        throw new InvalidOperationException(await process.StandardError.ReadToEndAsync(timeout.Token));
    }
}
