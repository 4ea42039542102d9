namespace Aivm.Chain;

public enum CodeKind
{
    /// <summary>No code: a call moves its value and succeeds.</summary>
    None,
    /// <summary>The marker of the Models contract.</summary>
    Models,
    /// <summary>The marker of the Proofs precompile.</summary>
    Proofs,
    /// <summary>A model's container.</summary>
    Model,
    Evm,
}

public static class CodeKinds
{
    public static CodeKind Of(ReadOnlySpan<byte> code)
    {
        if (code.IsEmpty)
            return CodeKind.None;
        if (code.SequenceEqual(SystemContracts.ModelsCode))
            return CodeKind.Models;
        if (code.SequenceEqual(SystemContracts.ProofsCode))
            return CodeKind.Proofs;
        return code.StartsWith(ModelAccount.CodePrefix) ? CodeKind.Model : CodeKind.Evm;
    }
}
