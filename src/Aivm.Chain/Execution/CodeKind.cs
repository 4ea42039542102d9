namespace Aivm.Chain;

public enum CodeKind
{
    /// <summary>No code: a call moves its value and succeeds.</summary>
    None,
    /// <summary>The marker of a native contract.</summary>
    Native,
    /// <summary>A model's container.</summary>
    Model,
    /// <summary>Of a model that lies elsewhere: what it is and how it is found.</summary>
    OffChainModel,
    Evm,
}

public static class CodeKinds
{
    public static CodeKind Of(ReadOnlySpan<byte> code)
    {
        if (code.IsEmpty)
            return CodeKind.None;
        if (code.StartsWith(NativeContracts.MarkerPrefix))
            return NativeContracts.Of(code) is null ? CodeKind.Evm : CodeKind.Native;
        if (OffChainDescriptor.Is(code))
            return CodeKind.OffChainModel;
        return code.StartsWith(ModelAccount.CodePrefix) ? CodeKind.Model : CodeKind.Evm;
    }
}
