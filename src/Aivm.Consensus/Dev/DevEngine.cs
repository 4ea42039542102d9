using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Consensus.Dev;

/// <summary>
/// Consensus of one: proposes, accepts, decides and commits every block in this process, over the interface that CometBFT drives in a
/// network and in the same order.
/// </summary>
/// <remarks>
/// A block that was decided but could not be stored (a full disk) stays decided: mining halts, <see cref="Halted"/> says why, and the
/// same block is finalized and committed again until it is stored. Nothing that a client was told of is lost, because the pool keeps
/// a transaction until the commit that holds it has returned.
/// </remarks>
public sealed class DevEngine(IApplication application, InitChainRequest genesis, DevOptions options, TimeProvider time) : IAsyncDisposable
{
    public const string MeterName = "Aivm.Consensus";

    private static readonly Meter Meter = new(MeterName);
    private static readonly ActivitySource Activities = new(MeterName);
    private static readonly Histogram<double> BlockSeconds =
        Meter.CreateHistogram<double>("aivm.consensus.block_duration", "s", "From proposal to commit");

    private readonly Lock _production = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<bool> _wakeUps =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private Task _mining = Task.CompletedTask;
    private FinalizeBlockRequest? _decided;
    private ulong _attempts;
    private ulong _height;
    private Hash256 _appHash;
    private ulong _lastTime;
    private volatile Error? _halted;

    /// <summary>Why no block can be mined at present; null while all is well.</summary>
    public Error? Halted => _halted;

    /// <summary>Raised on the mining thread when mining halts (with the reason) and when it goes on (with null).</summary>
    public event Action<Error?>? HaltedChanged;

    /// <summary>Resumes where the application stands, giving it the genesis if it has none, and begins to mine.</summary>
    /// <exception cref="AivmException">The application refuses the genesis.</exception>
    public void Start()
    {
        var info = application.Info();
        (_height, _appHash) = (info.LastBlockHeight, info.LastBlockAppHash);
        if (_height == 0)
            InitializeChain();
        _lastTime = LastBlockTime();
        if (options.BlockTime > TimeSpan.Zero)
        {
            var timer = new PeriodicTimer(options.BlockTime, time);
            _mining = Task.Run(() => MineByIntervalAsync(timer));
        }
        else
        {
            _mining = Task.Run(MineOnDemandAsync);
        }
    }

    /// <summary>Says that the pool holds a transaction. Cheap: calls during a block's production count as one.</summary>
    public void NotifyTransactions() => _wakeUps.Writer.TryWrite(true);

    /// <summary>Mines one block now, empty or not.</summary>
    /// <returns>Why it could not be mined, or null.</returns>
    public Error? MineOne()
    {
        TryProduce(allowEmpty: true);
        return Halted;
    }

    /// <summary>Finishes the block under way and mines no more.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _mining;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private void InitializeChain()
    {
        var response = application.InitChain(genesis);
        if (response.Error is { } error)
            throw new AivmException(Failure.Input, error.Code, error.Message);
        _appHash = response.AppHash;
    }

    private ulong LastBlockTime()
    {
        var header = application.Query(new QueryRequest("/header", default));
        return BlockHeader.TryDecode(header.Value.Span, out var decoded, out _) ? decoded.Time : genesis.Time;
    }

    private async Task MineOnDemandAsync()
    {
        try
        {
            NotifyTransactions(); // The pool may have been filled before the start.
            while (await _wakeUps.Reader.WaitToReadAsync(_stopping.Token))
            {
                _wakeUps.Reader.TryRead(out _);
                while (!_stopping.IsCancellationRequested && TryProduce(allowEmpty: false))
                {
                }
                if (Halted is not null)
                {
                    await Task.Delay(options.RetryInterval, time, _stopping.Token);
                    NotifyTransactions();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task MineByIntervalAsync(PeriodicTimer timer)
    {
        using var ticks = timer;
        try
        {
            while (await ticks.WaitForNextTickAsync(_stopping.Token))
                TryProduce(allowEmpty: true);
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <returns>Whether a block was committed.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever ends a block's production, the node lives on, says why and tries again.")]
    private bool TryProduce(bool allowEmpty)
    {
        lock (_production)
        {
            try
            {
                _decided ??= Decide(allowEmpty);
                if (_decided is null)
                {
                    SetHalted(null);
                    return false;
                }
                Commit(_decided);
                SetHalted(null);
                return true;
            }
            catch (AivmException exception)
            {
                SetHalted(exception.Error);
            }
            catch (Exception exception)
            {
                SetHalted(new Error("block-production-failed", $"A block could not be produced: {exception.Message}"));
            }
            return false;
        }
    }

    /// <summary>The next block as this node proposes and accepts it; null when there is nothing to mine.</summary>
    private FinalizeBlockRequest? Decide(bool allowEmpty)
    {
        var height = _height + 1;
        // Wall clocks jump back, block time does not; blocks may share a second.
        var now = Math.Max(_lastTime, (ulong)time.GetUtcNow().ToUnixTimeSeconds());
        var proposal = application.PrepareProposal(
            new PrepareProposalRequest(height, now, options.Proposer, options.MaxBlockBytes, []));
        if (proposal.Txs.Count == 0 && !allowEmpty)
            return null;
        var hash = NextHash(height);
        var vote = application.ProcessProposal(new ProcessProposalRequest(height, now, options.Proposer, hash, proposal.Txs));
        if (vote.Status != ProposalStatus.Accept)
            throw new AivmException(Failure.Check, "own-proposal-rejected", $"The node rejects its own block: {vote.Reason}");
        return new FinalizeBlockRequest(height, now, options.Proposer, hash, proposal.Txs);
    }

    private void Commit(FinalizeBlockRequest block)
    {
        using var activity = Activities.StartActivity("block");
        var started = time.GetTimestamp();
        var result = application.FinalizeBlock(block);
        try
        {
            application.Commit();
        }
        finally
        {
            // What an observer of the chain throws comes after the block was stored: it is not to be stored again.
            if (application.Info().LastBlockHeight == block.Height)
            {
                (_height, _appHash, _lastTime) = (block.Height, result.AppHash, block.Time);
                _decided = null;
            }
        }
        BlockSeconds.Record(time.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>The engine's own hash of a block: unique per proposal, which is all that the application needs it for.</summary>
    private Hash256 NextHash(ulong height)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Size + 16];
        _appHash.Span.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[Hash256.Size..], height);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[(Hash256.Size + 8)..], ++_attempts);
        return Keccak.Hash(bytes);
    }

    private void SetHalted(Error? reason)
    {
        if (_halted == reason)
            return;
        _halted = reason;
        HaltedChanged?.Invoke(reason);
    }
}
