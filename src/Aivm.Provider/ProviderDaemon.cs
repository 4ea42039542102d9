using System.Collections.Concurrent;
using System.Diagnostics;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>
/// Watches the chain for jobs that are offered to us and works on them until it is stopped. The chain is the only memory that counts: what a crash loses
/// of the directory is fetched or computed again.
/// </summary>
public sealed class ProviderDaemon : IDisposable
{
    private const ulong ScanBlocks = 5_000;

    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private readonly Wallet _wallet;
    private readonly ProviderOptions _options;
    private readonly ITrustedHardware? _hardware;
    private readonly Action<ProviderEvent> _observer;
    private readonly ProviderFiles _files;
    private readonly ProviderMetrics _metrics;
    private readonly ConcurrentDictionary<ulong, LiveJob> _live = [];
    private readonly Stopwatch _sincePoll = Stopwatch.StartNew();
    private ulong _block;
    private ulong _answered;
    private ulong _declined;
    private string? _failure;

    private sealed class LiveJob(ulong offeredAt)
    {
        public ulong OfferedAt => offeredAt;

        public Task Work { get; set; } = Task.CompletedTask;

        public DateTime NotBefore { get; set; }

        public int Failures { get; set; }
    }

    /// <param name="hardware">For asks of attested evidence; null where there are none.</param>
    /// <param name="observer">Told what happens, from any thread.</param>
    public ProviderDaemon(Wallet wallet, ProviderOptions options, ITrustedHardware? hardware = null, Action<ProviderEvent>? observer = null)
    {
        (_wallet, _options, _hardware) = (wallet, options, hardware);
        _observer = observer ?? (_ => { });
        _files = new ProviderFiles(options.Directory, options.DiskBytes);
        _metrics = new ProviderMetrics(() => _live.Count);
    }

    public ProviderHealth Health => new(
        _sincePoll.Elapsed < LongestSilence, Interlocked.Read(ref _block), _sincePoll.Elapsed.TotalSeconds, _live.Count, Interlocked.Read(ref _answered),
        Interlocked.Read(ref _declined), _failure);

    /// <summary>What a provider says that its models gave. Tests have one that lies.</summary>
    internal Func<long[], long[]> Answered { get; init; } = outputs => outputs;

    public void Dispose() => _metrics.Dispose();

    /// <summary>Registers if need be, asks, and works until it is cancelled.</summary>
    /// <exception cref="AivmException">The provider cannot begin: no stake, no node, no hardware, a directory that cannot be written.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var chainId = await _wallet.Rpc.GetChainIdAsync(cancellation);
        var registeredAt = await Registration.EnsureAsync(_wallet, _options, Report, cancellation);
        using var session = _hardware is null ? null : new EnclaveSession(_wallet, chainId, _hardware, Report);
        using var shelf = new ModelShelf(_wallet.Rpc, _files, _options, Report);
        var worker = new JobWorker(_wallet, chainId, _files, shelf, _options, session, _metrics, Report) { Answered = Answered };
        var next = Math.Max(registeredAt, _files.FirstBlock);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var head = await _wallet.Rpc.GetHeadAsync(cancellation);
                if (session is not null)
                    await session.EnsureAsync(head, cancellation);
                next = await ScanAsync(next, head.Number, cancellation);
                _sincePoll.Restart();
                Interlocked.Exchange(ref _block, head.Number);
                _failure = null;
            }
            catch (AivmException exception)
            {
                Fail(0, exception);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                break;
            }
            Start(worker, cancellation);
            await Task.Delay(_options.PollInterval, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(_live.Values.Select(job => job.Work)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <returns>The block to go on from.</returns>
    private async Task<ulong> ScanAsync(ulong next, ulong head, CancellationToken cancellation)
    {
        while (next <= head)
        {
            var last = Math.Min(head, next + ScanBlocks - 1);
            foreach (var (job, block) in await new JobsClient(_wallet.Rpc).GetOffersAsync(_wallet.Address, next, last, cancellation))
                _live.TryAdd(job, new LiveJob(block));
            next = last + 1;
        }
        // A job that still lives is looked for again after a restart.
        _files.FirstBlock = _live.IsEmpty ? next : _live.Values.Min(job => job.OfferedAt);
        return next;
    }

    private void Start(JobWorker worker, CancellationToken cancellation)
    {
        foreach (var (number, job) in _live)
        {
            if (job.Work.IsCompleted && DateTime.UtcNow >= job.NotBefore)
                job.Work = WorkAsync(worker, number, job, cancellation);
        }
    }

    private async Task WorkAsync(JobWorker worker, ulong number, LiveJob job, CancellationToken cancellation)
    {
        try
        {
            await worker.RunAsync(number, job.OfferedAt, cancellation);
            _live.TryRemove(number, out _);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // It goes on after the next start.
        }
        catch (AivmException exception)
        {
            job.Failures++;
            job.NotBefore = DateTime.UtcNow + (_options.PollInterval * Math.Min(16, job.Failures));
            Fail(number, exception);
        }
    }

    private void Fail(ulong job, AivmException exception)
    {
        _failure = $"{exception.Error.Code}: {exception.Message}";
        Report(new ProviderEvent(ProviderEventKind.Retry, job, _failure));
    }

    private void Report(ProviderEvent happened)
    {
        if (happened.Kind == ProviderEventKind.Answered)
            Interlocked.Increment(ref _answered);
        else if (happened.Kind == ProviderEventKind.Declined)
            Interlocked.Increment(ref _declined);
        _metrics.Count(happened.Kind);
        _observer(happened);
    }
}
