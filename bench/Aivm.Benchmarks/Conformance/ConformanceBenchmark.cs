using Aivm.Primitives;

namespace Aivm.Benchmarks.Conformance;

/// <param name="Folder">Where the cases lie.</param>
/// <param name="Target">The folder for the report; null where only the counts are wanted.</param>
/// <param name="Only">Part of the names of the cases to run.</param>
internal sealed record ConformanceOptions(string Folder, string? Target, string Only)
{
    public static ConformanceOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new ConformanceOptions(ConformanceCase.DefaultFolder, null, "");
        for (var i = 0; i < arguments.Count; i++)
        {
            options = arguments[i] switch
            {
                "--data" => options with { Folder = Value() },
                "--write" => options with { Target = Value() },
                "--only" => options with { Only = Value() },
                var other => throw Usage($"unknown option {other}"),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw Usage($"{arguments[i - 1]} needs a value");
        }
        return options;
    }

    private static AivmException Usage(string problem) => new(Failure.Input, "usage", $"conformance: {problem}");
}

/// <summary>Runs ONNX's own test data and writes what came of it.</summary>
internal sealed class ConformanceBenchmark(ConformanceOptions options, TextWriter log)
{
    public IReadOnlyList<BenchmarkResult> Run(CancellationToken cancellation)
    {
        if (!Directory.Exists(options.Folder))
            throw new AivmException(Failure.Environment, "no-test-data", $"{options.Folder} is missing: apt-get install libonnx-testdata, or name the folder with --data.");
        var verdicts = new List<ConformanceVerdict>();
        foreach (var subject in ConformanceCase.ReadAll(options.Folder).Where(subject => subject.Name.Contains(options.Only, StringComparison.Ordinal)))
        {
            cancellation.ThrowIfCancellationRequested();
            verdicts.Add(ConformanceCheck.Run(subject));
            if (verdicts[^1].Outcome is Outcome.Wrong or Outcome.Crashed or Outcome.Hung || options.Only.Length > 0)
                log.WriteLine($"{verdicts[^1].Outcome,-8} {subject.Name}: {verdicts[^1].Detail} {verdicts[^1].RelativeError:G3}");
            if (verdicts.Count % 100 == 0)
                log.WriteLine($"{verdicts.Count} cases");
        }
        if (options.Target is { } folder)
        {
            File.WriteAllText(Path.Combine(folder, "conformance.md"), ConformanceReport.Page(verdicts));
            File.WriteAllText(Path.Combine(folder, "conformance.csv"), ConformanceReport.Table(verdicts));
        }
        return [.. Enum.GetValues<Outcome>().Select(outcome => new BenchmarkResult(
            $"conformance-{outcome.ToString().ToLowerInvariant()}", verdicts.Count(verdict => verdict.Outcome == outcome), "cases", "all cases", verdicts.Count, null))];
    }
}
