using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Chain;

/// <summary>A node under measurement: started on a free loopback port, ended by its process id.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private const string GasLimit = "1000000000";

    private readonly Process _process;
    private readonly string? _dataDirectory;

    private NodeProcess(string program, IReadOnlyList<string> arguments, int port, string? dataDirectory)
    {
        Url = $"http://127.0.0.1:{port}";
        _dataDirectory = dataDirectory;
        _process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new AivmException(Failure.Environment, "start-failed", $"{program} did not start.");
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, line) => Errors.AppendLine(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Url { get; }

    private StringBuilder Errors { get; } = new();

    /// <summary>This project's node, its data on disk in a directory that goes with it.</summary>
    public static async Task<NodeProcess> StartAivmAsync(Mining mining, CancellationToken cancellation)
    {
        var port = FreePort();
        var data = Directory.CreateTempSubdirectory("aivm-benchmark-").FullName;
        string[] arguments = ["dev", "--port", Text(port), "--gas-limit", GasLimit, "--data", data,
            "--block-time", mining == Mining.Interval ? "1" : "0"];
        return await ReadyAsync(new NodeProcess(Peers.Aivm, arguments, port, data), cancellation);
    }

    /// <summary>anvil, which keeps everything in memory.</summary>
    public static async Task<NodeProcess> StartAnvilAsync(Mining mining, CancellationToken cancellation)
    {
        var port = FreePort();
        string[] arguments = ["--port", Text(port), "--gas-limit", GasLimit, "--silent",
            .. mining == Mining.Interval ? ["--block-time", "1"] : Array.Empty<string>()];
        return await ReadyAsync(new NodeProcess(Peers.Anvil, arguments, port, dataDirectory: null), cancellation);
    }

    /// <summary>Resident memory in bytes, where the system tells it (Linux).</summary>
    public long? ResidentBytes()
    {
        var status = $"/proc/{_process.Id}/status";
        if (!File.Exists(status))
            return null;
        var line = File.ReadLines(status).First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        if (_dataDirectory is not null)
            Directory.Delete(_dataDirectory, recursive: true);
    }

    private static async Task<NodeProcess> ReadyAsync(NodeProcess node, CancellationToken cancellation)
    {
        try
        {
            await node.WaitUntilItAnswersAsync(cancellation);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    private async Task WaitUntilItAnswersAsync(CancellationToken cancellation)
    {
        using var client = new HttpClient();
        var started = Stopwatch.StartNew();
        while (!_process.HasExited && started.Elapsed < StartLimit)
        {
            try
            {
                using var question = new StringContent(
                    """{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}""", Encoding.UTF8, "application/json");
                using var answer = await client.PostAsync(Url, question, cancellation);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(50, cancellation);
        }
        throw new AivmException(Failure.Environment, "start-failed", $"{_process.StartInfo.FileName} did not answer. {Errors}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
