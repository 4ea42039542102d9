using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Aivm.Sdk;
using Org.BouncyCastle.Crypto.Generators;

namespace Aivm.Tests.Sdk.Content;

/// <summary>Debian's <c>docker-registry</c>, on a port of the loopback interface, with its blobs in a folder of the test.</summary>
internal sealed class DebianRegistry : IDisposable
{
    public const string User = "anna";
    public const string Password = "correct horse";

    private readonly ContentFolder _folder = new();
    private readonly Process _process;

    private DebianRegistry(string program, bool asksForPassword)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        Location = RegistryLocation.Parse($"http://127.0.0.1:{port}/team/models");
        var hash = OpenBsdBCrypt.Generate("2y", Password.ToCharArray(), new byte[16], 4);
        var users = _folder.Write("users", System.Text.Encoding.UTF8.GetBytes($"{User}:{hash}\n"));
        var configuration = _folder.Write("config.yml", System.Text.Encoding.UTF8.GetBytes(
            $$"""
              version: 0.1
              log:
                level: error
              storage:
                filesystem:
                  rootdirectory: {{_folder.At("registry")}}
              http:
                addr: 127.0.0.1:{{port}}
              {{(asksForPassword ? $"auth:\n  htpasswd:\n    realm: test\n    path: {users}" : "")}}

              """));
        _process = Process.Start(new ProcessStartInfo(program, ["serve", configuration]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public RegistryLocation Location { get; }

    public static async Task<DebianRegistry> StartAsync(CancellationToken cancellation, bool asksForPassword = false)
    {
        var program = ((string[])["/usr/local/bin/docker-registry", "/usr/bin/docker-registry"]).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "Debian's docker-registry is not installed.");
        var registry = new DebianRegistry(program, asksForPassword);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var response = await http.GetAsync(new Uri(registry.Location.Registry, "/v2/"), cancellation);
                return registry;
            }
            catch (HttpRequestException) when (attempt < 100 && !registry._process.HasExited)
            {
                await Task.Delay(100, cancellation);
            }
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Dispose();
    }
}
