using Aivm.Benchmarks;
using Aivm.Benchmarks.Chain;
using Aivm.Primitives;

const string Usage = """
    usage: dotnet run -c Release --project bench/Aivm.Benchmarks -- BENCHMARK [options]
      chain   transfers through JSON-RPC beside anvil, and the node's memory
              [--mining interval|instant|both] [--transfers 20000] [--rounds 3] [--memory-transfers 200000] [--alone]
    Standard output is a JSON array of {name, value, unit, reference, reference_value, ratio}; a ratio above 1 is ahead.
    """;

try
{
    if (args is not ["chain", .. var options])
        throw new AivmException(Failure.Input, "usage", Usage);
    using var cancellation = new CancellationTokenSource();
    Console.CancelKeyPress += (_, press) =>
    {
        press.Cancel = true;
        cancellation.Cancel();
    };
    var results = await new ChainBenchmark(ChainOptions.Parse(options), Console.Error).RunAsync(cancellation.Token);
    BenchmarkResult.Print(results, Console.Out, Console.Error);
    return 0;
}
catch (AivmException exception)
{
    Console.Error.WriteLine(exception.Message);
    return (int)exception.Failure;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("cancelled");
    return (int)Failure.Check;
}
