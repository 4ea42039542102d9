using System.Collections.Concurrent;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Proofs;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;
using EvidenceKind = Aivm.Chain.EvidenceKind;
using JobEnd = Aivm.Chain.JobEnd;
using JobState = Aivm.Chain.JobState;

namespace Aivm.Tests.Chain.Jobs;

internal enum MarketAction
{
    Request,
    Accept,
    Decline,
    Cancel,
    Submit,
    Challenge,
    Expire,
    AddStake,
    Unbond,
    Withdraw,
    SetPrice,
    WithdrawAsk,
    Configure,
}

/// <param name="Who">Which provider or caller; the last one acts out of turn.</param>
/// <param name="Which">Which job, counted back from the newest; else how much.</param>
/// <param name="How">What of it: which evidence, which price.</param>
internal readonly record struct MarketStep(MarketAction Action, int Who, int Which, int How);

/// <param name="Seconds">After the block before.</param>
internal readonly record struct MarketBlock(int Seconds, MarketStep[] Steps);

/// <summary>What happens in a market, on a chain of its own and on <see cref="MarketModel"/>, and that it is the same.</summary>
internal sealed class MarketRun : IDisposable
{
    private const ushort FeeBps = 333;
    private const int OutOfTurn = 5;

    private static readonly TestAccount[] Providers = [Carol, Dave, Erin];
    private static readonly TestAccount[] Callers = [Bob, TestAccount.Of("frank")];
    private static readonly TestAccount[] Everybody = [Alice, .. Providers, .. Callers];
    private static readonly EvidenceKind[] Kinds = [EvidenceKind.Proved, EvidenceKind.Staked, EvidenceKind.DevelopmentAttested];
    private static readonly ulong[] Prices = [0, 400, 500, 600];
    private static readonly uint[] Places = [1, 2, 4];
    private static readonly uint[] Promises = [10, 60, 120];

    private static readonly Genesis Start = MarketGenesis with
    {
        NetworkFeeBps = FeeBps,
        Attestation = new AttestationRules { DevelopmentTee = true, SessionSeconds = 30 * 86_400 },
        Alloc = [.. Everybody.Select(account => new GenesisAccount(account.Address, Coin * 1000)).OrderBy(account => account.Address)],
    };

    /// <summary>An account without code, which takes every call.</summary>
    private static readonly Address Silent = Address.Parse("0x00000000000000000000000000000000ca11ee00");

    /// <summary>Every run publishes the same model and counts its jobs from 1: what was proved for one serves the others.</summary>
    private static readonly ConcurrentDictionary<(ulong Job, Address Provider), ProofCall> Proofs = [];

    private readonly TestChain _chain = new(Start);
    private readonly MarketModel _model = new(Rules, FeeBps, Alice.Address);
    private readonly Address _account;
    private readonly Dictionary<Address, SessionKeys> _keys = Providers.ToDictionary(provider => provider.Address, provider => provider.EnclaveKeys());
    private readonly UInt256 _supply;
    private UInt256 _baseFees;

    public MarketRun()
    {
        _account = _chain.Publish(Alice, SmallNetwork.Container, price: MarketModel.ModelPrice);
        for (var i = 0; i < Providers.Length; i++)
        {
            Assert.True(_chain.Run(_chain.Compute(Providers[i], Register(Places[i], answerSeconds: 60), Coin * 100)).Success);
            _model.Register(Providers[i].Address, Coin * 100, Places[i], answerSeconds: 60);
            _chain.OpenSession(Providers[i], _keys[Providers[i].Address]);
        }
        foreach (var evidence in Kinds)
        {
            _model.Height = _chain.Reader.Head.Number + 1;
            foreach (var provider in Providers)
            {
                _chain.Submit(_chain.Compute(provider, Ask(evidence)));
                _model.SetPrice(provider.Address, evidence, 500);
            }
            Assert.All(_chain.Mine(), mined => Assert.True(mined.Success));
        }
        _chain.MineBlocks(ComputeParameters.AskDelay);
        foreach (var account in Everybody.Select(account => account.Address).Append(SystemContracts.Treasury))
            _model.Coins.Add(account, _chain.Balance(account));
        _supply = _chain.Supply();
    }

    public void Dispose()
    {
        foreach (var keys in _keys.Values)
            keys.Dispose();
        _chain.Dispose();
    }

    /// <summary>Plays the blocks, and then as many empty ones as it takes to end every job.</summary>
    public void Play(IEnumerable<MarketBlock> blocks)
    {
        foreach (var block in blocks.Concat(Enumerable.Repeat(new MarketBlock(150, []), 40)))
            Mine(block);
        Assert.All(_model.Jobs, job => Assert.Equal(JobState.Ended, job.State));
        Assert.Equal(UInt256.Zero, _chain.Balance(SystemContracts.Jobs));
        Assert.Equal(_model.FailedCallbacks, _chain.Logs(JobsAbi.CallbackFailed).Count);
        _chain.RequireEqualReplay();
    }

    /// <summary>What does not happen in every run.</summary>
    public IEnumerable<string> Happened()
    {
        foreach (var end in _model.Jobs.Select(job => job.End).Distinct())
            yield return $"{end}";
        if (_model.FailedCallbacks > 0)
            yield return "a callback failed";
        if (_model.Providers.Values.Any(provider => provider.Slow > 0))
            yield return "a slow answer";
        if (_model.Strikes > 0)
            yield return "a provider was struck";
        if (HasSettled(EvidenceKind.Proved))
            yield return "a proof settled";
        if (HasSettled(EvidenceKind.DevelopmentAttested))
            yield return "a signature settled";

        bool HasSettled(EvidenceKind evidence) => _model.Jobs.Any(job => job.Evidence == evidence && job.End == JobEnd.Settled);
    }

    private void Mine(MarketBlock block)
    {
        var head = _chain.Reader.Head;
        (_model.Time, _model.Height, _model.BaseFee) = (head.Header.Time + (ulong)block.Seconds, head.Number + 1, (ulong)_chain.Reader.NextBaseFee);
        List<Transaction> transactions = [];
        List<bool> succeeds = [];
        foreach (var step in block.Steps)
        {
            if (Act(step) is not var (transaction, isRight))
                continue;
            _chain.Submit(transaction);
            transactions.Add(transaction);
            succeeds.Add(isRight);
        }
        var mined = _chain.MineExactly([.. transactions.Select(transaction => transaction.Encoded)], _model.Time);
        _model.Sweep();
        Assert.Equal(succeeds, mined.Select(item => item.Success));
        foreach (var item in mined)
            _model.Coins[item.Sender] -= item.GasPrice * item.GasUsed;
        _baseFees += _chain.Reader.Head.Header.BaseFee * _chain.Reader.Head.Header.GasUsed;
        RequireEqualJobs();
        RequireEqualProviders();
        RequireEqualCoins();
    }

    /// <returns>A transaction, and whether the specification lets it succeed; null where there is no job that it could be for.</returns>
    private (Transaction Transaction, bool Succeeds)? Act(MarketStep step)
    {
        var provider = Providers[step.Who % Providers.Length];
        var caller = Callers[step.Who % Callers.Length];
        var evidence = Kinds[step.How % Kinds.Length];
        switch (step.Action)
        {
            case MarketAction.Request:
                return Request(caller, evidence, step);
            case MarketAction.AddStake:
                var more = Coin * (ulong)(10 * step.Which);
                return (_chain.Compute(provider, ComputeAbi.AddStake.BeginCall().ToArray(), more), _model.AddStake(provider.Address, more));
            case MarketAction.Unbond:
                var amount = Coin * (ulong)(20 * step.Which);
                return (_chain.Compute(provider, ComputeAbi.Unbond.BeginCall().WriteUInt(amount).ToArray()), _model.Unbond(provider.Address, amount));
            case MarketAction.Withdraw:
                return (_chain.Compute(provider, ComputeAbi.Withdraw.BeginCall().ToArray()), _model.Withdraw(provider.Address));
            case MarketAction.SetPrice:
                var price = Prices[step.Which % Prices.Length];
                return (_chain.Compute(provider, Ask(evidence, price)), _model.SetPrice(provider.Address, evidence, price));
            case MarketAction.WithdrawAsk:
                var withdraw = ComputeAbi.WithdrawAsk.BeginCall().WriteUInt((ulong)evidence).WriteUInt(0UL).ToArray();
                return (_chain.Compute(provider, withdraw), _model.WithdrawAsk(provider.Address, evidence));
            case MarketAction.Configure:
                var (places, promise) = (Places[step.Which % Places.Length], Promises[step.How % Promises.Length]);
                var configure = ComputeAbi.Configure.BeginCall().WriteUInt(places).WriteUInt(promise).ToArray();
                return (_chain.Compute(provider, configure), _model.Configure(provider.Address, places, promise));
            default:
                return Pick(step) is { } job ? Act(step, job, caller) : null;
        }
    }

    private (Transaction Transaction, bool Succeeds) Act(MarketStep step, MarketModel.Job job, TestAccount caller)
    {
        var worker = job.HasProvider && step.Who != OutOfTurn
            ? Providers.Single(who => who.Address == job.With.Provider)
            : Providers[step.Who % Providers.Length];
        return step.Action switch
        {
            MarketAction.Accept => (_chain.Jobs(worker, Accept(job.Number)), _model.Accept(worker.Address, job)),
            MarketAction.Decline => (_chain.Jobs(worker, Decline(job.Number)), _model.Decline(worker.Address, job)),
            MarketAction.Submit => Submit(worker, job, step),
            MarketAction.Cancel => (_chain.Jobs(caller, Cancel(job.Number)), _model.Cancel(caller.Address, job)),
            MarketAction.Challenge => (_chain.Jobs(caller, Replay(job.Number, RightAnswer.Inputs)), _model.Challenge(caller.Address, job)),
            _ => (_chain.Jobs(caller, Expire(job.Number)), _model.Expire(job)),
        };
    }

    /// <summary>Sends what the job costs at one of the usual prices, or too little.</summary>
    private (Transaction Transaction, bool Succeeds) Request(TestAccount caller, EvidenceKind evidence, MarketStep step)
    {
        MarketModel.Callback[] callbacks = [MarketModel.Callback.None, MarketModel.Callback.None, MarketModel.Callback.Returns, MarketModel.Callback.Fails];
        var callback = callbacks[step.How / Kinds.Length];
        var stipend = callback == MarketModel.Callback.None || step.Who == OutOfTurn ? 0 : 2 * MarketModel.CallbackGas * _model.BaseFee;
        var value = MarketModel.ModelPrice + 300 + (100 * (ulong)step.Who) + stipend;
        var seconds = 21 + (60 * (ulong)step.Which);
        var minReputation = step.Who == 4 ? 5000UL : 0;
        var request = new RequestCall(_account, evidence, _model.Time + seconds)
        {
            Input = RightAnswer.Inputs,
            MinReputation = minReputation,
            Callback = callback switch
            {
                MarketModel.Callback.Returns => Silent,
                // It knows no onInference.
                MarketModel.Callback.Fails => SystemContracts.Jobs,
                _ => default,
            },
            CallbackGas = callback == MarketModel.Callback.None ? 0 : MarketModel.CallbackGas,
        };
        return (_chain.Jobs(caller, request.Encode(), value), _model.Request(caller.Address, evidence, value, seconds, minReputation, callback));
    }

    /// <summary>Mostly with the evidence that was asked for, sometimes with another; mostly the right output.</summary>
    private (Transaction Transaction, bool Succeeds) Submit(TestAccount worker, MarketModel.Job job, MarketStep step)
    {
        var evidence = step.How == 0 ? Kinds[step.Which % Kinds.Length] : job.Evidence;
        var isRight = step.How % 3 != 1;
        var right = RightAnswer.Output();
        byte[] output = isRight ? right : [(byte)(right[0] ^ 1), .. right[1..]];
        var data = JobsFixture.Submit(job.Number, output, EvidenceOf(evidence, worker, job.Number, output));
        return (_chain.Sign(worker, SystemContracts.Jobs, data: data, gas: ProofsFixture.Gas), _model.Submit(worker.Address, job, isRight, evidence));
    }

    private byte[] EvidenceOf(EvidenceKind evidence, TestAccount worker, ulong job, byte[] output) => evidence switch
    {
        EvidenceKind.Proved => Prove(job, worker).Evidence(),
        EvidenceKind.DevelopmentAttested => _keys[worker.Address].Evidence(
            _chain.Statement(job, SmallNetwork.Container, RightAnswer.Inputs, output) with { Height = _model.Height }),
        _ => [],
    };

    /// <summary>All jobs are about one input.</summary>
    private ProofCall RightAnswer => Prove(job: 1, Carol);

    private ProofCall Prove(ulong job, TestAccount shower) =>
        Proofs.GetOrAdd((job, shower.Address), _ => JobEvidence.Prove(_account, job, shower));

    /// <summary>Mostly a job for which the action makes sense, sometimes any.</summary>
    private MarketModel.Job? Pick(MarketStep step)
    {
        var state = step.Action switch
        {
            MarketAction.Accept or MarketAction.Decline or MarketAction.Cancel => JobState.Offered,
            MarketAction.Submit => JobState.Accepted,
            MarketAction.Challenge => JobState.Answered,
            _ => JobState.None,
        };
        var fit = step.Who == OutOfTurn ? [] : _model.Jobs.Where(job => job.State == state).ToList();
        var jobs = fit.Count > 0 ? fit : _model.Jobs;
        return jobs.Count == 0 ? null : jobs[Math.Max(0, jobs.Count - 1 - step.Which)];
    }

    private void RequireEqualJobs()
    {
        Assert.Equal((ulong)_model.Jobs.Count, _chain.JobCount());
        var owed = UInt256.Zero;
        foreach (var job in _model.Jobs)
        {
            var actual = _chain.Job(job.Number);
            Assert.Equal((job.State, job.End), (actual.State, actual.End));
            Assert.Equal(job.HasProvider ? job.With : default, (actual.Provider, (ulong)actual.Price));
            Assert.Equal(job.ReceiptHeight, _chain.ReceiptHeight(actual.ReceiptId));
            if (job.State == JobState.Ended)
                continue;
            owed += job.Locked;
            Assert.Equal((job.DueTime, job.DueHeight), (actual.DueTime, actual.DueHeight));
        }
        Assert.Equal(owed, _chain.Owed());
        Assert.Equal(owed, _chain.Balance(SystemContracts.Jobs));
    }

    private void RequireEqualProviders()
    {
        var staked = UInt256.Zero;
        foreach (var (address, expected) in _model.Providers)
        {
            Assert.Equal(
                new ProviderView(
                    expected.Stake, expected.Reserved, expected.Unbonding, expected.AvailableAt, expected.MaxJobs, expected.Active, expected.Strikes,
                    expected.Reputation),
                _chain.Provider(address));
            Assert.Equal(
                new RecordView(expected.Succeeded, expected.Slow, expected.Missed, expected.Late, expected.Wrong, expected.TotalSeconds),
                _chain.Record(address));
            staked += expected.Stake + expected.Unbonding;
        }
        Assert.Equal(staked, _chain.Balance(SystemContracts.Compute));
    }

    private void RequireEqualCoins()
    {
        foreach (var (address, coins) in _model.Coins)
            Assert.Equal(coins, _chain.Balance(address));
        Assert.Equal(_supply, _chain.Supply() + _baseFees + _model.Burned);
    }
}
