namespace Aivm.Primitives;

/// <summary>The two revert reasons that Solidity itself knows; a contract's own ones are <see cref="AbiError"/>s.</summary>
public static class AbiRevert
{
    private static readonly AbiError ErrorOfString = new("Error", "string reason");
    private static readonly AbiError PanicOfCode = new("Panic", "uint256 code");

    /// <summary><c>Error(string)</c>, what <c>require</c> and <c>revert</c> with a message give.</summary>
    public static byte[] Error(string reason) => ErrorOfString.BeginRevert().WriteString(reason).ToArray();

    /// <summary><c>Panic(uint256)</c>, e.g. 0x11 for an overflow.</summary>
    public static byte[] Panic(UInt256 code) => PanicOfCode.BeginRevert().WriteUInt(code).ToArray();

    public static bool TryReadError(ReadOnlySpan<byte> data, out string reason)
    {
        reason = "";
        if (!AbiSelector.TrySplit(data, out var selector, out var arguments) || selector != ErrorOfString.Selector)
            return false;
        var reader = new AbiReader(arguments);
        return reader.TryReadString(out reason) && reader.TryEnd();
    }

    public static bool TryReadPanic(ReadOnlySpan<byte> data, out UInt256 code)
    {
        code = default;
        if (!AbiSelector.TrySplit(data, out var selector, out var arguments) || selector != PanicOfCode.Selector)
            return false;
        var reader = new AbiReader(arguments);
        return reader.TryReadUInt256(out code) && reader.TryEnd();
    }
}
