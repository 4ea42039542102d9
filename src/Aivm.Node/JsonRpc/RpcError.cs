namespace Aivm.Node.JsonRpc;

/// <summary>An error as JSON-RPC 2.0 (section 5.1) and Ethereum's clients expect it.</summary>
/// <param name="Data">The bytes a call reverted with; absent for every other error.</param>
internal sealed record RpcError(int Code, string Message, ReadOnlyMemory<byte>? Data = null)
{
    public const int ExecutionRevertedCode = 3;

    public static RpcError Parse(string message) => new(-32700, message);

    public static RpcError InvalidRequest(string message) => new(-32600, message);

    public static RpcError MethodNotFound(string method) =>
        new(-32601, $"the method {method} does not exist/is not available");

    public static RpcError InvalidParameters(string message) => new(-32602, message);

    /// <summary>Details belong in the log: a client learns that the node failed, never how its code looks.</summary>
    public static RpcError Internal { get; } = new(-32603, "internal error: see the node's log");

    /// <summary>The chain refused: a transaction, a call or a lookup.</summary>
    public static RpcError Execution(string message) => new(-32000, message);

    /// <summary>The node's surroundings fail it, its disk above all: nothing is wrong with the call. EIP-1474's "resource unavailable".</summary>
    public static RpcError Unavailable(Aivm.Primitives.Error reason) => new(-32002, $"{reason.Code}: {reason.Message}");

    public static RpcError TimedOut { get; } = new(-32002, "request timed out: send fewer calls in one batch");

    public static RpcError ResponseTooLarge(int limit) => new(-32003, $"response too large: the answer is over {limit} bytes, ask for less at once");

    public static RpcError LimitExceeded(string message) => new(-32005, message);

    public static RpcError Busy { get; } = new(-32005, "busy: messages of other clients fill the memory that there is for them, try again later");

    public static RpcError Reverted(string reason, ReadOnlyMemory<byte> data) => new(ExecutionRevertedCode, reason, data);
}
