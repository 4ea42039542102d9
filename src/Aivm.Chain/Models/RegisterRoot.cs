using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Chain;

/// <summary>
/// <c>registerRoot(address model, bytes32 root, bytes proof)</c>: from here on proofs about a model may rest on this commitment to its weights. Of private ones the
/// first is the container's own, with a proof that all weights lie in their ranges; each later one comes with a proof that it holds the same weights as
/// the one registered before. Whoever could prove either without the ranges could make sums wrap around. Of public ones anybody may register what holds the weights
/// that are stored.
/// </summary>
internal static class RegisterRoot
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var account) || !arguments.TryReadHash(out var root) || !arguments.TryReadBytes(out var proof) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.RegisterRoot);
        var record = ModelsStorage.Model(call, account);
        var (model, isPrivate) = ModelAccount.LoadForProofs(call, account);
        if (isPrivate)
            ManageModel.RequireOwner(call, record);
        if (ModelsStorage.ReadRootHeight(call, account, root) != 0)
            throw ModelsErrors.RootExists(root);
        var roots = ModelsStorage.Roots(call, account);
        var count = ContractStorage.Length(call, roots);
        if (!isPrivate)
            RequireStoredWeights(call, model, root, proof);
        else if (count.IsZero)
            RequireRanges(call, ProvedOf(call, account, model), root, proof);
        else
            RequireEquality(call, ProvedOf(call, account, model), ContractStorage.Element(call, roots, count - UInt256.One).ToHash256(), root, proof);
        ContractStorage.Append(call, roots, UInt256.FromBigEndian(root.Span));
        ModelsStorage.SetRootHeight(call, account, root);
        call.Log(ModelsAbi.RootRegistered, ModelsAbi.RootRegistered.BeginData().WriteUInt(count), AbiEvent.TopicOf(account), root);
        return [];
    }

    private static ProvedModel ProvedOf(NativeCall call, Address account, Model model)
    {
        PrivateModel.TryReadRoot(ModelAccount.ContainerOf(call.State.GetCode(account)), out var first, out _);
        return new ProvedModel(model.Hash, model.Graph, model.Analysis, first);
    }

    private static void RequireStoredWeights(NativeCall call, Model model, Hash256 root, ReadOnlySpan<byte> proof)
    {
        var meter = new WorkMeter((long)Math.Min(call.Frame.Gas, long.MaxValue));
        PublicWeightsShape shape = null!;
        var isShape = CommittedModel.TryCreate(model.Hash, model.Graph, ModelLimits.OnChain, meter, out var committed, out var error)
            && committed.TryShapeRoot(meter, out shape, out error);
        Charge(call, meter, isShape, error);
        call.Charge((ulong)VerificationWork.Of(shape));
        if (!PublicWeightsVerifier.TryVerify(shape, new PublicWeightsStatement(model.Hash, root), model.Graph, proof.ToArray(), out error))
            throw ModelsErrors.InvalidProof(error);
    }

    private static void RequireRanges(NativeCall call, ProvedModel proved, Hash256 root, ReadOnlySpan<byte> proof)
    {
        if (root != proved.WeightRoot)
            throw ModelsErrors.WrongRoot(proved.WeightRoot!.Value);
        var meter = new WorkMeter((long)Math.Min(call.Frame.Gas, long.MaxValue));
        Charge(call, meter, proved.TryShapeWeightRanges(meter, out var shape, out var error), error);
        call.Charge((ulong)VerificationWork.Of(shape));
        if (!ProofVerifier.TryVerify(shape, proved.WeightRanges(root), proof.ToArray(), out error))
            throw ModelsErrors.InvalidProof(error);
    }

    /// <summary>Takes the gas for deriving a shape: refused or not, the work is done.</summary>
    private static void Charge(NativeCall call, WorkMeter meter, bool isShape, Error error)
    {
        if (meter.IsExhausted)
            throw CallFailure.OutOfGas(error.Message);
        call.Charge((ulong)meter.Work);
        if (!isShape)
            throw ModelsErrors.InvalidProof(error);
    }

    private static void RequireEquality(NativeCall call, ProvedModel proved, Hash256 old, Hash256 fresh, ReadOnlySpan<byte> proof)
    {
        var meter = new WorkMeter((long)Math.Min(call.Frame.Gas, long.MaxValue));
        Charge(call, meter, proved.TryShapeWeightEquality(meter, out var shape, out var error), error);
        call.Charge((ulong)VerificationWork.Of(shape));
        // A fact about two roots is as true on one chain as on another: it needs no context.
        var statement = new WeightEqualityStatement(proved.Hash, Hash256.Zero, old, fresh);
        if (!WeightEqualityVerifier.TryVerify(shape, statement, proof.ToArray(), out error))
            throw ModelsErrors.InvalidProof(error);
    }
}
