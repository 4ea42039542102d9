using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
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
    private const ulong PollsPerAsk = 60;

    /// <summary>Jobs that are looked at beside those that are computed: most of them have long ended.</summary>
    private const int MostLookedAt = 32;

    private static readonly TimeSpan SessionPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private readonly Wallet _wallet;
    private readonly ProviderOptions _options;
    private readonly ITrustedHardware? _hardware;
    private readonly Action<ProviderEvent> _observer;
    private readonly ProviderMetrics _metrics;
    private readonly ConcurrentDictionary<ulong, LiveJob> _live = [];
    // Wall clocks jump, and a pause must not become a day.
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Stopwatch _sincePoll = Stopwatch.StartNew();
    private TimeSpan _sessionNotBefore;
    private ulong _next;
    private ulong _window = ScanBlocks;
    private ulong? _first;
    private ulong _block;
    private ulong _answered;
    private ulong _declined;
    private string? _failure;

    private sealed class LiveJob(ulong offeredAt)
    {
        public ulong OfferedAt => offeredAt;

        public Task Work { get; set; } = Task.CompletedTask;

        /// <summary>By the daemon's clock.</summary>
        public TimeSpan NotBefore { get; set; }

        public int Failures { get; set; }

        /// <summary>Of the last try.</summary>
        public string? Failure { get; set; }
    }

    /// <param name="hardware">For asks of attested evidence; null where there are none.</param>
    /// <param name="observer">Told what happens, from any thread.</param>
    public ProviderDaemon(Wallet wallet, ProviderOptions options, ITrustedHardware? hardware = null, Action<ProviderEvent>? observer = null)
    {
        (_wallet, _options, _hardware) = (wallet, options, hardware);
        _observer = observer ?? (_ => { });
        _metrics = new ProviderMetrics(() => _live.Count);
    }

    public ProviderHealth Health => new(
        _sincePoll.Elapsed < LongestSilence, Interlocked.Read(ref _block), _sincePoll.Elapsed.TotalSeconds, _live.Count, Interlocked.Read(ref _answered),
        Interlocked.Read(ref _declined),
        _failure ?? _live.Values.Select(job => job.Failure).FirstOrDefault(failure => failure is not null));

    /// <summary>What a provider says that its models gave. Tests have one that lies.</summary>
    internal Func<long[], long[]> Answered { get; init; } = outputs => outputs;

    /// <summary>Where a session's keys are left to the next process, and whether what callers sealed may be opened.</summary>
    internal MachineMemory Memory { get; init; } = MachineMemory.Default;

    public void Dispose() => _metrics.Dispose();

    /// <summary>Registers if need be, asks, and works until it is cancelled.</summary>
    /// <exception cref="AivmException">The provider cannot begin: no stake, no node, no hardware, a directory that cannot be written.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        if (_hardware?.Kind == JobEvidence.Attested)
            MachineMemory.KeepOutOfDumps();
        var chainId = await _wallet.Rpc.GetChainIdAsync(cancellation);
        var chain = await _wallet.Rpc.GetBlockHashAsync(0, cancellation);
        var files = new ProviderFiles(_options.Directory, _options.DiskBytes, chain);
        using var alone = files.Lock();
        var registeredAt = await Registration.EnsureAsync(_wallet, _options, Report, cancellation);
        using var session = _hardware is null ? null : OpenSession(_hardware, chainId, chain);
        using var shelf = new ModelShelf(_wallet.Rpc, files, _options, Report) { UsesGpu = _hardware?.Kind != JobEvidence.Attested };
        var worker = new JobWorker(_wallet, chainId, files, shelf, _options, session, _metrics, Report) { Answered = Answered };
        _next = Math.Max(registeredAt, files.FirstBlock);
        try
        {
            for (var poll = 0UL; !cancellation.IsCancellationRequested; poll++)
            {
                await PollAsync(files, session, keepsAsks: poll % PollsPerAsk == PollsPerAsk - 1, cancellation);
                Start(worker, cancellation);
                await Task.Delay(_options.PollInterval, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            // They use the session and the shelf until they have noticed.
            await Task.WhenAll(_live.Values.Select(job => job.Work)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await worker.EndAsync();
        }
    }

    private EnclaveSession OpenSession(ITrustedHardware hardware, ulong chainId, Hash256 chain)
    {
        var keys = _options.KeepsSessionKeys ? new SessionKeyFile(_wallet, chainId, chain, hardware.Kind, Memory, Report) : null;
        return new EnclaveSession(_wallet, chainId, hardware, Memory, keys, Report);
    }

    /// <summary>Offers come first: whatever else fails must not let them pass in silence.</summary>
    private async Task PollAsync(ProviderFiles files, EnclaveSession? session, bool keepsAsks, CancellationToken cancellation)
    {
        try
        {
            var head = await _wallet.Rpc.GetHeadAsync(cancellation);
            await ScanAsync(files, head.Number, cancellation);
            _sincePoll.Restart();
            Interlocked.Exchange(ref _block, head.Number);
            _failure = null;
            if (session is not null && _clock.Elapsed >= _sessionNotBefore)
            {
                // Evidence that the chain refuses today it refuses in a second too.
                _sessionNotBefore = _clock.Elapsed + SessionPause;
                await session.EnsureAsync(head, cancellation);
                _sessionNotBefore = _clock.Elapsed + _options.PollInterval;
            }
            if (keepsAsks)
                await Registration.EnsureAsksAsync(_wallet, _options, Report, cancellation);
        }
        catch (AivmException exception)
        {
            _failure = Fail(0, exception);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The loop ends.
        }
    }

    private async Task ScanAsync(ProviderFiles files, ulong head, CancellationToken cancellation)
    {
        var jobs = new JobsClient(_wallet.Rpc);
        while (_next <= head)
        {
            var last = Math.Min(head, _next + _window - 1);
            try
            {
                foreach (var (job, block) in await jobs.GetOffersAsync(_wallet.Address, _next, last, cancellation))
                    _live.TryAdd(job, new LiveJob(block));
            }
            catch (RpcException) when (_window > 1)
            {
                // More logs than a node gives at once.
                _window /= 2;
                continue;
            }
            _window = Math.Min(ScanBlocks, 2 * _window);
            _next = last + 1;
        }
        // A job that still lives is looked for again after a restart.
        var first = _live.Values.Select(job => job.OfferedAt).DefaultIfEmpty(_next).Min();
        if (first == _first)
            return;
        files.FirstBlock = first;
        _first = first;
    }

    private void Start(JobWorker worker, CancellationToken cancellation)
    {
        var running = _live.Values.Count(job => !job.Work.IsCompleted);
        foreach (var (number, job) in _live.OrderBy(item => item.Key))
        {
            if (running >= _options.Concurrency + MostLookedAt)
                return;
            if (!job.Work.IsCompleted || _clock.Elapsed < job.NotBefore)
                continue;
            job.Work = WorkAsync(worker, number, job, cancellation);
            running++;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A job is other people's data: whatever it breaks, the others go on.")]
    private async Task WorkAsync(JobWorker worker, ulong number, LiveJob job, CancellationToken cancellation)
    {
        try
        {
            await worker.RunAsync(number, job.OfferedAt, cancellation);
            _live.TryRemove(number, out _);
            return;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // It goes on after the next start.
            return;
        }
        catch (AivmException exception)
        {
            job.Failure = Fail(number, exception);
        }
        catch (Exception exception)
        {
            job.Failure = Fail(number, new AivmException(Failure.Check, "job-failed", $"This is a defect of the provider, please report it: {exception.Message}", exception));
        }
        job.Failures++;
        job.NotBefore = _clock.Elapsed + (_options.PollInterval * Math.Min(16, job.Failures));
    }

    private string Fail(ulong job, AivmException exception)
    {
        var failure = $"{exception.Error.Code}: {exception.Message}";
        Report(new ProviderEvent(ProviderEventKind.Retry, job, failure));
        return failure;
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
