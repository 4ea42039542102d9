using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>How a frame came to be, after the EVM's four call instructions.</summary>
public enum CallKind
{
    /// <summary>A transaction, or CALL: runs the callee's code on the callee's account and moves the value.</summary>
    Call,
    /// <summary>Runs the callee's code on the callee's account; nothing may be written.</summary>
    StaticCall,
    /// <summary>Runs other code on the caller's own account.</summary>
    CallCode,
    /// <summary>Runs other code on the caller's own account, with the caller's caller and value; moves nothing.</summary>
    DelegateCall,
}

/// <summary>One execution of code: the EVM's frame, whatever the kind of code.</summary>
public sealed class CallFrame
{
    public required CallKind Kind { get; init; }

    public required Address Caller { get; init; }

    /// <summary>The account that the code acts on: its storage, its balance.</summary>
    public required Address Account { get; init; }

    /// <summary>The account whose code runs; <see cref="Account"/> unless by CALLCODE or DELEGATECALL.</summary>
    public required Address Callee { get; init; }

    /// <summary>In wei; moved from caller to account by <see cref="CallKind.Call"/> alone.</summary>
    public UInt256 Value { get; init; }

    /// <summary>What is left.</summary>
    public required ulong Gas { get; set; }

    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>Nothing may be written, here and in every frame below.</summary>
    public bool IsStatic { get; init; }

    /// <summary>0 for the transaction's own frame; at most <see cref="MessageCall.MaxDepth"/>.</summary>
    public int Depth { get; init; }

    /// <summary>Where the journal stood when the frame began: what a revert goes back to.</summary>
    public int Snapshot { get; internal set; }

    /// <summary>What the last call made by this frame returned.</summary>
    public ReadOnlyMemory<byte> ReturnData { get; set; }

    /// <returns>False, with no gas left, when there was less.</returns>
    public bool TryCharge(ulong gas)
    {
        var enough = gas <= Gas;
        Gas = enough ? Gas - gas : 0;
        return enough;
    }
}

public enum CallStatus
{
    Success,
    /// <summary>The code undid its work and gave a reason; the gas that is left goes back.</summary>
    Reverted,
    /// <summary>An exceptional halt: out of gas, a write in a static frame. All gas is gone.</summary>
    Halted,
}

/// <param name="GasLeft">0 after a halt.</param>
/// <param name="Output">Return data, or revert data.</param>
/// <param name="Error">Null on success.</param>
public sealed record CallResult(CallStatus Status, ulong GasLeft, ReadOnlyMemory<byte> Output, Error? Error = null)
{
    public bool IsSuccess => Status == CallStatus.Success;

    public static CallResult Success(CallFrame frame, ReadOnlyMemory<byte> output) => new(CallStatus.Success, frame.Gas, output);

    /// <param name="data">ABI-encoded: <c>Error(string)</c> or a custom error.</param>
    public static CallResult Revert(CallFrame frame, ReadOnlyMemory<byte> data, Error error) => new(CallStatus.Reverted, frame.Gas, data, error);

    public static CallResult OutOfGas(string? reason = null) =>
        new(CallStatus.Halted, 0, default, new Error("out-of-gas", reason is null ? "out of gas" : $"out of gas: {reason}"));

    public static CallResult StaticViolation() =>
        new(CallStatus.Halted, 0, default, new Error("static-violation", "write protection: the call is static and its code writes"));

    /// <summary>The call never began, and its gas stays with the caller.</summary>
    internal static CallResult NotStarted(CallFrame frame, string code, string message) =>
        new(CallStatus.Reverted, frame.Gas, default, new Error(code, message));
}
