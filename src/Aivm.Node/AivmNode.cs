using Aivm.Chain;
using Aivm.Consensus.Dev;
using Aivm.Node.Ethereum;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;
using Aivm.State;
using Microsoft.Extensions.Logging;

namespace Aivm.Node;

/// <summary>A development node in this process: store, application, engine and JSON-RPC on loopback.</summary>
public sealed partial class AivmNode : IAsyncDisposable
{
    private readonly IKeyValueStore _store;
    private readonly DevEngine _engine;
    private readonly SubscriptionHub _hub;
    private readonly RpcServer _server;
    private readonly ILogger _logger;
    private bool _isStopped;

    private AivmNode(IKeyValueStore store, Application application, DevEngine engine, SubscriptionHub hub, RpcServer server, ILogger logger)
    {
        _store = store;
        Application = application;
        _engine = engine;
        _hub = hub;
        _server = server;
        _logger = logger;
    }

    /// <summary>Where JSON-RPC is served, by HTTP and, with the scheme <c>ws</c>, by WebSocket.</summary>
    public Uri Url => _server.Url;

    /// <summary>The chain itself, for programs that embed the node.</summary>
    public Application Application { get; }

    /// <summary>Why no block can be mined at present, or null.</summary>
    public Error? Halted => _engine.Halted;

    /// <exception cref="AivmException">
    /// <c>port-in-use</c>, <c>port-not-allowed</c>, <c>genesis-mismatch</c>, <c>genesis-invalid</c>, or what the store reports:
    /// <c>data-dir-in-use</c>, <c>data-dir-read-only</c>, <c>disk-full</c>, <c>store-version</c>, <c>store-corrupt</c>.
    /// </exception>
    public static Task<AivmNode> StartAsync(NodeOptions options, CancellationToken cancellation = default) =>
        StartAsync(options, options.DataDirectory is { } directory ? RocksDbStore.Open(directory) : new MemoryStore(), cancellation);

    /// <param name="store">Owned by the node from here on.</param>
    internal static async Task<AivmNode> StartAsync(NodeOptions options, IKeyValueStore store, CancellationToken cancellation)
    {
        var logger = options.Loggers.CreateLogger<AivmNode>();
        DevEngine? engine = null;
        SubscriptionHub? hub = null;
        try
        {
            var application = new Application(store, options.Application);
            engine = StartEngine(application, options);
            engine.HaltedChanged += reason => LogHalted(logger, reason);
            hub = new SubscriptionHub(application.Reader, options.Rpc.MaxSubscriptionsPerConnection);
            var methods = Connect(application, engine, hub, options);
            var dispatcher = new RpcDispatcher(methods, options.Rpc, options.Time, options.Loggers.CreateLogger<RpcDispatcher>());
            var server = await RpcServer.StartAsync(
                options.Port, dispatcher, () => Health(application, engine), options.Loggers, cancellation);
            LogStarted(logger, server.Url, application.Reader.Head.Number, Secp256k1.IsNative ? "libsecp256k1" : "managed code");
            return new AivmNode(store, application, engine, hub, server, logger);
        }
        catch
        {
            if (hub is not null)
                await hub.DisposeAsync();
            if (engine is not null)
                await engine.DisposeAsync();
            store.Dispose();
            throw;
        }
    }

    /// <summary>Answers what is under way, finishes the block under way, closes the store.</summary>
    public async Task StopAsync()
    {
        if (_isStopped)
            return;
        _isStopped = true;
        await _server.DisposeAsync();
        await _engine.DisposeAsync();
        await _hub.DisposeAsync();
        LogStopped(_logger, Application.Reader.Head.Number);
        _store.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static DevEngine StartEngine(Application application, NodeOptions options)
    {
        var genesis = options.Genesis ?? DevChain.Genesis(options.BlockGasLimit);
        var json = GenesisFile.Write(genesis);
        if (application.IsInitialised && !GenesisFile.Write(application.Reader.Genesis).AsSpan().SequenceEqual(json))
        {
            var stored = application.Reader.Genesis;
            throw new AivmException(
                Failure.Input, "genesis-mismatch",
                $"The data directory holds a chain with another genesis (chain id {stored.ChainId}, block gas limit {stored.GasLimit}): "
                + "start with the same options or choose another directory.");
        }
        var engine = new DevEngine(
            application,
            new InitChainRequest(genesis.Time, genesis.ChainId.ToString(System.Globalization.CultureInfo.InvariantCulture), json),
            new DevOptions { BlockTime = options.BlockTime, MaxBlockBytes = genesis.Limits.BlockBytes },
            options.Time);
        engine.Start();
        return engine;
    }

    /// <summary>The methods, and the events between the chain, the engine and the subscribers.</summary>
    private static Dictionary<string, RpcMethod> Connect(Application application, DevEngine engine, SubscriptionHub hub, NodeOptions options)
    {
        var (chain, pool) = (application.Reader, application.Pool);
        // Only the development chain's keys are known to everybody: no other chain has unlocked accounts.
        var accounts = chain.Genesis.ChainId == DevChain.ChainId ? DevChain.Accounts : [];
        var filters = new FilterTable(options.Rpc.MaxFilters, options.Time);
        var calls = new CallMethods(chain, application.Simulator);
        var methods = new Dictionary<string, RpcMethod>();
        new ChainMethods(chain, pool).Register(methods);
        new StateMethods(chain, pool).Register(methods);
        new FeeMethods(chain).Register(methods);
        calls.Register(methods);
        new SendMethods(chain, pool, calls, engine, accounts).Register(methods);
        new FilterMethods(chain, filters).Register(methods);
        new SubscriptionMethods(hub).Register(methods);
        new NodeMethods(chain, pool, engine).Register(methods);
        pool.Added += transaction =>
        {
            filters.OnTransaction(transaction.Hash);
            hub.OnTransaction(transaction.Hash);
            engine.NotifyTransactions();
        };
        chain.BlockCommitted += _ => hub.OnBlock();
        return methods;
    }

    private static NodeHealth Health(Application application, DevEngine engine)
    {
        var halted = engine.Halted;
        var (genesis, head) = (application.Reader.Genesis, application.Reader.Head.Number);
        return new NodeHealth(
            halted is null, $$"""{"status":"{{halted?.Code ?? "ok"}}","chainId":{{genesis.ChainId}},"block":{{head}}}""");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "JSON-RPC at {Url}, block {Block}, signatures by {Signatures}")]
    private static partial void LogStarted(ILogger logger, Uri url, ulong block, string signatures);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopped at block {Block}")]
    private static partial void LogStopped(ILogger logger, ulong block);

    private static void LogHalted(ILogger logger, Error? reason)
    {
        if (reason is null)
            LogResumed(logger);
        else
            LogMiningHalted(logger, reason.Code, reason.Message);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Mining halted, {Code}: {Reason}")]
    private static partial void LogMiningHalted(ILogger logger, string code, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Mining goes on")]
    private static partial void LogResumed(ILogger logger);
}
