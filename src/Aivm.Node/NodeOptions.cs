using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aivm.Node;

public sealed record NodeOptions
{
    public const int DefaultPort = 8545;

    /// <summary>On loopback. 0 takes any free port.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Where the chain is kept; null keeps it in memory and forgets it.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Zero mines each transaction as soon as it comes; otherwise a block is mined each interval.</summary>
    public TimeSpan BlockTime { get; init; }

    public ulong BlockGasLimit { get; init; } = DevChain.DefaultBlockGasLimit;

    /// <summary>Null starts the development chain.</summary>
    public Genesis? Genesis { get; init; }

    public RpcLimits Rpc { get; init; } = new();

    public ApplicationOptions Application { get; init; } = new();

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
