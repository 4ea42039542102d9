using System.Collections.Frozen;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What an action does with its arguments, up to the encoded return values.</summary>
internal delegate byte[] ActionHandler(NativeCall call, AbiReader arguments);

internal sealed record ContractAction(AbiFunction Function, ActionHandler Handler, bool IsPayable = false);

/// <summary>The actions of a native contract: finds the one that calldata asks for.</summary>
internal sealed class ContractActions(params IEnumerable<ContractAction> actions)
{
    private readonly FrozenDictionary<uint, ContractAction> _actions = actions.ToFrozenDictionary(action => action.Function.Selector);

    public CallResult Execute(TransactionContext context, CallFrame frame) => NativeCall.Run(context, frame, Dispatch);

    private byte[] Dispatch(NativeCall call)
    {
        var input = call.Frame.Input.Span;
        if (!AbiSelector.TrySplit(input, out var selector, out var arguments) || !_actions.TryGetValue(selector, out var action))
            throw ContractErrors.UnknownSelector(input);
        if (!action.IsPayable && !call.Frame.Value.IsZero)
            throw ContractErrors.ValueNotAccepted();
        return action.Handler(call, new AbiReader(arguments));
    }
}
