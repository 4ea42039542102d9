using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>Says in words why a call reverted: Solidity's own errors and those of the system contracts.</summary>
public static class RevertReason
{
    public static bool TryDescribe(ReadOnlySpan<byte> data, [NotNullWhen(true)] out string? reason)
    {
        reason = null;
        if (AbiRevert.TryReadError(data, out var text))
            reason = text;
        else if (AbiRevert.TryReadPanic(data, out var code))
            reason = $"panic {code.ToHexQuantity()}";
        else if (AbiSelector.TrySplit(data, out var selector, out var arguments))
            reason = Describe(Known.FirstOrDefault(error => error.Selector == selector), arguments);
        return reason is not null;
    }

    private static readonly IReadOnlyList<AbiError> Known =
        [.. ModelsInterface.Errors, .. ProofsInterface.Errors, .. JobsInterface.Errors, .. ComputeInterface.Errors];

    private static string? Describe(AbiError? error, ReadOnlySpan<byte> arguments)
    {
        if (error is null)
            return null;
        var reader = new AbiReader(arguments);
        var parts = new List<string>();
        foreach (var input in error.Inputs)
        {
            if (!TryRead(ref reader, input.Type, out var value))
                return error.Name;
            parts.Add($"{input.Name} = {value}");
        }
        return parts.Count == 0 ? error.Name : $"{error.Name}: {string.Join(", ", parts)}";
    }

    private static bool TryRead(ref AbiReader reader, AbiType type, out string value)
    {
        value = "";
        switch (type.Kind)
        {
            case AbiKind.UnsignedInteger when reader.TryReadUInt256(out var number):
                value = number.ToString();
                return true;
            case AbiKind.Address when reader.TryReadAddress(out var address):
                value = address.ToChecksumString();
                return true;
            case AbiKind.FixedBytes when reader.TryReadFixedBytes(type.Size, out var bytes):
                value = Hex.Encode(bytes);
                return true;
            case AbiKind.String:
                return reader.TryReadString(out value);
            default:
                return false;
        }
    }
}
