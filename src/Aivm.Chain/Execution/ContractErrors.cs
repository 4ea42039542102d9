using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Why any native contract reverts, before an action of its own has begun.</summary>
internal static class ContractErrors
{
    private static readonly AbiError UnknownSelectorError = new("UnknownSelector", "bytes4 selector");
    private static readonly AbiError MalformedCalldataError = new("MalformedCalldata", "string reason");
    private static readonly AbiError ValueNotAcceptedError = new("ValueNotAccepted");

    public static readonly IReadOnlyList<AbiError> All = [UnknownSelectorError, MalformedCalldataError, ValueNotAcceptedError];

    public static CallFailure UnknownSelector(ReadOnlySpan<byte> input)
    {
        Span<byte> selector = stackalloc byte[AbiSelector.Size];
        selector.Clear();
        input[..Math.Min(input.Length, selector.Length)].CopyTo(selector);
        var data = UnknownSelectorError.BeginRevert().WriteFixedBytes(selector);
        return CallFailure.Revert(UnknownSelectorError, data, $"no method has the selector {Hex.Encode(selector)}");
    }

    public static CallFailure MalformedCalldata(AbiFunction function)
    {
        var reason = $"the arguments are not those of {function.Signature}";
        return CallFailure.Revert(MalformedCalldataError, MalformedCalldataError.BeginRevert().WriteString(reason), reason);
    }

    public static void RequireNoArguments(AbiReader arguments, AbiFunction function)
    {
        if (!arguments.TryEnd())
            throw MalformedCalldata(function);
    }

    public static CallFailure ValueNotAccepted() =>
        CallFailure.Revert(ValueNotAcceptedError, ValueNotAcceptedError.BeginRevert(), "this call takes no value");
}
