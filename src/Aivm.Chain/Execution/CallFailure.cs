using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Ends a native contract's call from any depth of its code. <see cref="NativeCall.Run"/> catches it: it never leaves the frame.</summary>
internal sealed class CallFailure(CallStatus status, byte[] data, Error error) : Exception(error.Message)
{
    public CallResult ToResult(CallFrame frame) =>
        status == CallStatus.Reverted ? CallResult.Revert(frame, data, error) : new CallResult(status, 0, default, error);

    /// <param name="reason">What the gas did not suffice for, where that helps.</param>
    public static CallFailure OutOfGas(string? reason = null) => Halt(CallResult.OutOfGas(reason));

    public static CallFailure StaticViolation() => Halt(CallResult.StaticViolation());

    /// <summary>A revert with a custom error.</summary>
    /// <param name="data">The encoded error.</param>
    /// <param name="explanation">For people, in logs: what the arguments say.</param>
    public static CallFailure Revert(AbiError error, AbiWriter data, string explanation) =>
        new(CallStatus.Reverted, data.ToArray(), new Error(error.Name, explanation));

    private static CallFailure Halt(CallResult result) => new(CallStatus.Halted, [], result.Error!);
}
