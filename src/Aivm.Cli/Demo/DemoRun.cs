using System.Globalization;
using Aivm.Chain;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Inference;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.State;

namespace Aivm.Cli.Demo;

/// <summary>The main job from end to end: publish the samples, run them in transactions, compare, re-execute.</summary>
/// <param name="paths">Whose provider has been asking since the start, so that its prices count by the end.</param>
internal sealed class DemoRun(AivmNode node, Wallet publisher, Wallet user, DemoPaths paths, Terminal terminal)
{
    private readonly List<DemoModel> _models = [];
    private (Address Account, Model Model, long[] Input)? _first;

    /// <summary>Why the demo fails, if it does; one sentence each.</summary>
    public List<string> Failures { get; } = [];

    public async Task<DemoDocument> RunAsync(CancellationToken cancellation)
    {
        foreach (var sample in Sample.All)
            await RunAsync(sample, cancellation);
        var (account, model, input) = _first!.Value;
        var done = await terminal.Step("The same inference on three paths", progress => paths.RunAsync(account, model, input, progress, cancellation));
        var same = done.All(path => path.Outputs.AsSpan().SequenceEqual(done[0].Outputs));
        if (!same || !done.All(path => path.Verified))
            Failures.Add("The paths gave different outputs, or a receipt that does not hold.");
        if (!terminal.Json)
            DemoTables.PrintPaths(terminal, done, same);
        var (blocks, match) = await terminal.Step("Re-executing every block from genesis", _ => Task.Run(ReplayAll, cancellation));
        return new DemoDocument(_models, Sample.All.Sum(sample => sample.Inputs), done, same, blocks, match);
    }

    private async Task RunAsync(Sample sample, CancellationToken cancellation)
    {
        var compiled = await terminal.Step($"{sample.Title}: compiling", _ => Task.Run(sample.Compile, cancellation));
        var published = await terminal.Step($"{sample.Title}: publishing", _ =>
            new ModelPublisher(publisher).PublishAsync(new ModelRelease(compiled.Container, sample.Name), cancellation: cancellation));
        var model = ModelFile.Load(compiled.Container, sample.Name);
        var rows = await terminal.Step($"{sample.Title}: inferring", progress => InferAsync(sample, model, published.Model, progress, cancellation));

        var agreement = rows.Count(row => row.Decision == row.Reference) / (double)rows.Count;
        if (agreement < sample.RequiredAgreement)
            Failures.Add(string.Create(CultureInfo.InvariantCulture, $"{sample.Name} agrees with ONNX Runtime on {agreement:P0} of the labels, less than {sample.RequiredAgreement:P0}."));
        _models.Add(new DemoModel(sample.Name, compiled.Hash, published.Model.ToChecksumString(), model.Macs, published.Gas, agreement));
        if (!terminal.Json)
            DemoTables.PrintModel(terminal, sample, compiled, published, model, rows, agreement);
    }

    private async Task<List<DemoRow>> InferAsync(Sample sample, Model model, Address address, IProgress<string> progress, CancellationToken cancellation)
    {
        using var reference = new OnnxRuntimeReference(sample.OnnxFile);
        var samples = sample.Rows();
        var inputs = sample.DescribeInputs(samples);
        var client = new InferenceClient(user);
        var rows = new List<DemoRow>();
        for (var row = 0; row < sample.Inputs; row++)
        {
            progress.Report($"{row + 1} of {sample.Inputs}");
            var input = ModelInput.Read(model, samples, row);
            _first ??= (address, model, input);
            var packed = ModelInput.Pack(model, input);
            var result = await client.InferAsync(address, packed, cancellation: cancellation);
            var answer = ModelAnswer.Read(model.Graph, model.Analysis, result.Output);
            var expected = reference.Label(samples.Reals(row).Select(value => value * sample.Scale));
            rows.Add(new DemoRow(
                inputs[row], sample.NameOf(answer.Label!), answer.Probability, sample.NameOf(expected),
                result.Transaction.GasUsed, result.Transaction.BlockNumber));
        }
        return rows;
    }

    /// <summary>A second application starts from genesis and executes every block again.</summary>
    private (ulong Blocks, bool Match) ReplayAll()
    {
        using var store = new MemoryStore();
        var result = Replay.Run(node.Application.Reader, store);
        if (!result.IsEqual)
            Failures.Add($"Re-execution gave another state in block {result.Mismatch}.");
        return (result.Blocks, result.IsEqual);
    }
}
