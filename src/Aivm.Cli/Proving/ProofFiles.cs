using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Cli.Proving;

/// <summary>Proof files on disk.</summary>
internal static class ProofFiles
{
    /// <summary>Reads, and checks nothing but the form.</summary>
    /// <exception cref="AivmException">What the file is refused for.</exception>
    public static (ProofFile Proof, ProvedModel Model) Read(FileInfo file)
    {
        var bytes = BoundedFile.Read(file.FullName, ProofFile.MaxBytes, "proof-too-large");
        if (!ProofFile.TryDecode(bytes, ModelLimits.OffChain, out var proof, out var error))
            throw new AivmException(Failure.Input, error.Code, $"{file.Name} is not a whole proof file. {error.Message}");
        return proof.TryDecodeModel(ModelLimits.OffChain, out var model, out error)
            ? (proof, model)
            : throw new AivmException(Failure.Input, error.Code, $"{file.Name} holds no model: {error.Message}");
    }
}
