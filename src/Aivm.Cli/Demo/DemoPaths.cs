using Aivm.Cli.Models;
using Aivm.Inference;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;

namespace Aivm.Cli.Demo;

/// <summary>
/// The same inference on every path: in a transaction, as a job with a zero-knowledge proof, as a job with the signature of a (development) TEE. A provider
/// works in this process for the last two.
/// </summary>
internal sealed class DemoPaths : IAsyncDisposable
{
    private static readonly UInt256 Price = UInt256.Parse("1000000000000000");

    private readonly AivmNode _node;
    private readonly Wallet _user;
    private readonly ProviderDaemon _provider;
    private readonly CancellationTokenSource _stopping;
    private readonly Task _serving;

    public DemoPaths(AivmNode node, Wallet user, Wallet provider, string directory, CancellationToken cancellation)
    {
        (_node, _user) = (node, user);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var options = new ProviderOptions
        {
            Directory = directory,
            Stake = DevChain.Genesis().Market.MinStake,
            Asks = [new ProviderAsk(JobEvidence.Proved, 0, Price, 0), new ProviderAsk(JobEvidence.DevelopmentAttested, 0, Price, 0)],
            PollInterval = TimeSpan.FromMilliseconds(100),
            KeepsSessionKeys = false,
        };
        _provider = new ProviderDaemon(provider, options, new DevelopmentHardware());
        _serving = _provider.RunAsync(_stopping.Token);
    }

    public async Task<IReadOnlyList<DemoPath>> RunAsync(Address account, Model model, long[] input, IProgress<string> progress, CancellationToken cancellation)
    {
        var packed = ModelInput.Pack(model, input);
        progress.Report("on-chain");
        var executed = await new InferenceClient(_user).InferAsync(account, packed, cancellation: cancellation);
        List<DemoPath> paths = [await ReadAsync("on-chain", executed.Output, executed.Receipt, executed.Transaction.GasUsed, cancellation)];
        foreach (var (name, evidence) in (IEnumerable<(string, JobEvidence)>)[("zk", JobEvidence.Proved), ("development-tee", JobEvidence.DevelopmentAttested)])
        {
            progress.Report(name);
            paths.Add(await RunJobAsync(name, new JobRequest(account, evidence, Now + Seconds, packed), cancellation));
        }
        return paths;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _provider.Dispose();
        _stopping.Dispose();
    }

    private const ulong Seconds = 120;

    private static ulong Now => (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private async Task<DemoPath> RunJobAsync(string name, JobRequest request, CancellationToken cancellation)
    {
        var caller = new JobCaller(_user);
        var quote = await caller.QuoteAsync(request, cancellation);
        var (job, requested) = await caller.RequestAsync(request, quote.Total, cancellation);
        var answer = await caller.WaitAsync(job, requested.BlockNumber, cancellation: cancellation);
        var submitted = await _user.Rpc.GetReceiptAsync(answer.Transaction, cancellation);
        return await ReadAsync(name, OutputNumbers.Unpack(answer.Output), answer.Receipt, submitted?.GasUsed ?? 0, cancellation);
    }

    /// <summary>Fetches the receipt with its proof, and verifies it as somebody would who has the block's hash from elsewhere: from the chain itself.</summary>
    private async Task<DemoPath> ReadAsync(string name, long[] output, InferenceReceipt receipt, ulong gas, CancellationToken cancellation)
    {
        var file = await new ReceiptClient(_user.Rpc).GetAsync(receipt.Id, cancellation: cancellation);
        var isVerified = _node.Application.Reader.TryGetHeader(receipt.Height, out var block)
            && ReceiptVerifier.TryVerify(file, block.Hash, out var verified, out _)
            && verified.VouchesFor(output);
        return new DemoPath(name, receipt.EvidenceKind, output, receipt.OutputHash, receipt.Id, isVerified, gas, receipt.Height);
    }
}
