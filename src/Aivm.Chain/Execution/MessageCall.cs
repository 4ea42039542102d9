using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// Runs a frame: depth, value, snapshot, the code by its kind, and the undoing of everything when it fails. Kinds of code are native contracts,
/// models and, one day, EVM code; the rules here are the EVM's and hold for all of them.
/// </summary>
public static class MessageCall
{
    /// <summary>The depth of the deepest frame that may run.</summary>
    public const int MaxDepth = 1024;

    public static CallResult Execute(TransactionContext context, CallFrame frame)
    {
        if (frame.Depth > MaxDepth)
            return CallResult.NotStarted(frame, "call-depth", $"max call depth exceeded: {MaxDepth}");
        var snapshot = context.State.TakeSnapshot();
        var logs = context.Logs.Count;
        var refund = context.Refund;
        frame.Snapshot = snapshot;
        if (frame.Kind == CallKind.Call && !TryTransfer(context, frame, out var refusal))
            return refusal;

        var result = Run(context, frame);
        if (result.IsSuccess)
            return result;
        context.State.Revert(snapshot);
        context.Logs.RemoveRange(logs, context.Logs.Count - logs);
        context.Refund = refund;
        return result;
    }

    private static bool TryTransfer(TransactionContext context, CallFrame frame, out CallResult refusal)
    {
        refusal = null!;
        if (frame.IsStatic && !frame.Value.IsZero)
        {
            refusal = CallResult.StaticViolation();
            return false;
        }
        if (context.State.Transfer(frame.Caller, frame.Account, frame.Value))
            return true;
        refusal = CallResult.NotStarted(frame, "insufficient-balance", "insufficient balance for transfer");
        return false;
    }

    private static CallResult Run(TransactionContext context, CallFrame frame)
    {
        if (context.Callees.TryGetValue(frame.Callee, out var callee))
            return callee(context, OnOwnAccount(frame));
        var code = context.State.GetCode(frame.Callee);
        return CodeKinds.Of(code.Span) switch
        {
            CodeKind.None => CallResult.Success(frame, default),
            CodeKind.Native => NativeContracts.Of(code.Span)!.Code(context, OnOwnAccount(frame)),
            CodeKind.Model => ModelAccount.Execute(context, OnOwnAccount(frame), code),
            CodeKind.OffChainModel => OffChainAccount.Execute(context, OnOwnAccount(frame)),
            _ => EvmNotSupported(frame),
        };
    }

    /// <summary>Native contracts and models act on their own account only: for them DELEGATECALL and CALLCODE are STATICCALL.</summary>
    private static CallFrame OnOwnAccount(CallFrame frame) => frame.Kind is CallKind.Call or CallKind.StaticCall
        ? frame
        : new CallFrame
        {
            Kind = CallKind.StaticCall,
            Caller = frame.Account,
            Account = frame.Callee,
            Callee = frame.Callee,
            Gas = frame.Gas,
            Input = frame.Input,
            IsStatic = true,
            Depth = frame.Depth,
            Snapshot = frame.Snapshot,
        };

    private static CallResult EvmNotSupported(CallFrame frame)
    {
        var error = new Error("evm-not-supported", "This account has EVM code, which this version of the chain does not run.");
        return CallResult.Revert(frame, AbiRevert.Error(error.ToString()), error);
    }
}
