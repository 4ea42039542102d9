using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>A proof of inference as the chain takes it.</summary>
/// <param name="Model">The account.</param>
/// <param name="WeightRoot">Of private weights, or of public ones by their root; zero where validators read the weights.</param>
/// <param name="InputRoot">Of private inputs; zero where they are public.</param>
/// <param name="Samples">Inferences that it proves.</param>
/// <param name="Subject">As in <see cref="ProofsInterface.ContextOf"/>.</param>
/// <param name="Inputs">Public ones, packed in the declared types, little-endian, sample after sample.</param>
/// <param name="Outputs">Sample after sample.</param>
public sealed record ProofSubmission(
    Address Model,
    Hash256 WeightRoot,
    Hash256 InputRoot,
    int Samples,
    Hash256 Subject,
    ReadOnlyMemory<byte> Inputs,
    ReadOnlyMemory<long> Outputs,
    ReadOnlyMemory<byte> Proof)
{
    internal byte[] Encode() => ProofsInterface.VerifyProof.BeginCall()
        .WriteAddress(Model)
        .WriteHash(WeightRoot)
        .WriteHash(InputRoot)
        .WriteUInt((ulong)Samples)
        .WriteHash(Subject)
        .WriteBytes(Inputs.Span)
        .WriteInt64Array(Outputs.Span)
        .WriteBytes(Proof.Span)
        .ToArray();
}

/// <summary>Shows proofs of inference to the chain, and registers commitments to weights.</summary>
public sealed class ProofsClient(Wallet wallet)
{
    /// <summary>Asks the node whether it would accept the proof, and what that costs: nothing is sent.</summary>
    /// <exception cref="RpcException">The proof is refused; the message names the check.</exception>
    public Task<GasQuote> QuoteAsync(ProofSubmission proof, CancellationToken cancellation = default) => wallet.QuoteAsync(Request(proof), cancellation);

    /// <summary>Shows the proof in a transaction, on the terms of a quote.</summary>
    public Task<TransactionReceipt> SubmitAsync(ProofSubmission proof, GasQuote quote, CancellationToken cancellation = default) =>
        wallet.SendAndWaitAsync(Request(proof).On(quote), cancellation);

    /// <param name="proof">
    /// Of private weights: of their ranges for the container's own root, later of equality with the root registered before. Of public ones: that it holds them.
    /// </param>
    /// <exception cref="RpcException">The root is refused.</exception>
    public Task<GasQuote> QuoteRootAsync(Address model, Hash256 root, ReadOnlyMemory<byte> proof, CancellationToken cancellation = default) =>
        wallet.QuoteAsync(RegisterRoot(model, root, proof), cancellation);

    public Task<TransactionReceipt> RegisterRootAsync(
        Address model, Hash256 root, ReadOnlyMemory<byte> proof, GasQuote quote, CancellationToken cancellation = default) =>
        wallet.SendAndWaitAsync(RegisterRoot(model, root, proof).On(quote), cancellation);

    /// <summary>The gas that verifying a proof takes, loading the model included and calldata apart.</summary>
    /// <exception cref="RpcException">There are no such proofs, or deriving their circuit takes more than a transaction may have.</exception>
    /// <param name="weightsByRoot">Whether it rests on a registered root of public weights; those of private ones always do.</param>
    public async Task<ulong> GetVerificationGasAsync(
        Address model, int samples, bool hidesInputs, bool weightsByRoot = false, CancellationToken cancellation = default)
    {
        var function = weightsByRoot ? ProofsInterface.VerificationGasByRoot : ProofsInterface.VerificationGas;
        var arguments = function.BeginCall().WriteAddress(model).WriteUInt((ulong)samples).WriteBool(hidesInputs);
        var call = (weightsByRoot ? arguments.WriteBool(true) : arguments).ToArray();
        var reader = new AbiReader(await wallet.Rpc.CallAsync(new CallRequest { To = ProofsInterface.Contract, Data = call }, cancellation));
        return reader.TryReadUInt64(out var gas) && reader.TryEnd() ? gas : throw ModelsClient.Malformed(function);
    }

    /// <summary>The block that registered the root, 0 where none did.</summary>
    public async Task<ulong> GetRootHeightAsync(Address model, Hash256 root, CancellationToken cancellation = default)
    {
        var call = ModelsInterface.RootHeight.BeginCall().WriteAddress(model).WriteHash(root).ToArray();
        var data = await wallet.Rpc.CallAsync(new CallRequest { To = ModelsInterface.Contract, Data = call }, cancellation);
        var reader = new AbiReader(data);
        return reader.TryReadUInt64(out var height) && reader.TryEnd() ? height : throw ModelsClient.Malformed(ModelsInterface.RootHeight);
    }

    private static TransactionRequest Request(ProofSubmission proof) => new() { To = ProofsInterface.Contract, Data = proof.Encode() };

    /// <summary>The transaction that registers a root, at whatever gas then costs.</summary>
    public static TransactionRequest RegisterRoot(Address model, Hash256 root, ReadOnlyMemory<byte> proof) => new()
    {
        To = ModelsInterface.Contract,
        Data = ModelsInterface.RegisterRoot.BeginCall().WriteAddress(model).WriteHash(root).WriteBytes(proof.Span).ToArray(),
    };
}
