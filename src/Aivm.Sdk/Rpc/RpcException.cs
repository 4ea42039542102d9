using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>The node answered a call with an error.</summary>
/// <param name="rpcCode">JSON-RPC's number, e.g. 3 for a call that reverted.</param>
/// <param name="data">The bytes a call reverted with; empty for every other error.</param>
public sealed class RpcException(int rpcCode, string message, ReadOnlyMemory<byte> data)
    : AivmException(KindOf(rpcCode), CodeOf(rpcCode), message)
{
    private const int RevertedCode = 3;
    private const int UnavailableCode = -32002;
    private const int InternalErrorCode = -32603;

    public int RpcCode { get; } = rpcCode;

    public ReadOnlyMemory<byte> RevertData { get; } = data;

    public bool IsRevert => RpcCode == RevertedCode;

    /// <summary>The gas of a transaction is not enough. Ethereum's nodes have no code for it, and these words.</summary>
    public bool IsOutOfGas => !IsRevert && (Message.Contains("out of gas", StringComparison.Ordinal) || Message.Contains("intrinsic gas", StringComparison.Ordinal));

    private static Failure KindOf(int rpcCode) => rpcCode is InternalErrorCode or UnavailableCode ? Failure.Environment : Failure.Input;

    private static string CodeOf(int rpcCode) => rpcCode switch
    {
        RevertedCode => "call-reverted",
        UnavailableCode => "node-unavailable",
        _ => "rpc-error",
    };
}
