using System.Diagnostics;
using System.Globalization;
using Aivm.Fuzz;
using Aivm.Primitives;

const string Usage = """
    usage: dotnet run -c Release --project tests/Aivm.Fuzz -- TARGET [options]
      TARGET        container, graph (fields of a container's graph), onnx, csv, json, npz; inputs = the last three;
                    proofs-toy, proofs (changed proofs, at the tests' parameters and at real ones); all
      --count N     inputs per target (1000000)
      --seed S      another series of inputs (1)
      --seeds DIR   ONNX files of a few kilobytes under a directory, as seeds beside our own
      --workers W   threads (1); the inputs are the same with any number
      --only I      one input by its number
      --file PATH   one input from a file
      --died PID    the inputs that a campaign had on offer whose process died
    Exit code 1: something that must hold did not. The line that brings it back is printed, and the input is written to a file.
    """;

try
{
    if (args.Length == 0)
        throw new AivmException(Failure.Input, "usage", Usage);
    if (Option("--died") is not null)
    {
        Console.WriteLine(string.Join(' ', Watchdog.Journal(JournalOf(Number("--died", 0)))));
        return 0;
    }
    string[] names = args[0] switch
    {
        "all" => ["container", "graph", "onnx", "csv", "json", "npz", "proofs-toy", "proofs"],
        "inputs" => ["csv", "json", "npz"],
        var name => [name],
    };
    var failed = false;
    foreach (var name in names)
    {
        var target = FuzzTarget.Of(name, Option("--seeds"));
        var campaign = new Campaign(target, (int)Number("--seed", 1));
        if (Option("--file") is { } path)
            failed |= !CampaignReport.One(target, File.ReadAllBytes(path));
        else if (Option("--only") is not null)
            failed |= !CampaignReport.One(target, campaign.Input(Number("--only", 0), new NoWatch()), campaign);
        else
            failed |= !Run(campaign);
    }
    return failed ? 1 : 0;
}
catch (AivmException exception)
{
    Console.Error.WriteLine(exception.Message);
    return (int)exception.Failure;
}

bool Run(Campaign campaign)
{
    var workers = (int)Number("--workers", 1);
    using var watch = new Watchdog(JournalOf(Environment.ProcessId), workers, TimeSpan.FromSeconds(60));
    var clock = Stopwatch.StartNew();
    using var progress = new Timer(_ => CampaignReport.Progress(campaign, clock.Elapsed), null, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
    campaign.Run(Number("--count", 1_000_000), workers, watch);
    return CampaignReport.Print(campaign, clock.Elapsed);
}

static string JournalOf(long process) => Path.Combine(Path.GetTempPath(), $"aivm-fuzz-{process}.journal");

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

long Number(string name, long absent) => Option(name) switch
{
    null => absent,
    var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
    var text => throw new AivmException(Failure.Input, "usage", $"{name} takes a number, not '{text}'."),
};
