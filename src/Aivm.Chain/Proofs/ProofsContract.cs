using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Chain;

/// <summary>
/// The Proofs precompile: whether a model gives these outputs, from a proof instead of a run. It keeps nothing and writes nothing. All gas is taken before
/// the work that it pays for, and does not depend on any cache.
/// </summary>
internal static class ProofsContract
{
    /// <summary>The longest list of outputs that is read; a batch of any model that fits into a transaction has fewer.</summary>
    private const int MaxOutputs = 1 << 15;

    private static readonly ContractActions Actions = new(
        new(ProofsAbi.VerifyProof, VerifyProof),
        new(ProofsAbi.VerificationGas, VerificationGas),
        new(ProofsAbi.VerificationGasByRoot, VerificationGasByRoot));

    public static CallResult Execute(TransactionContext context, CallFrame frame) => Actions.Execute(context, frame);

    private static byte[] VerifyProof(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var account) || !arguments.TryReadHash(out var weightRoot) || !arguments.TryReadHash(out var inputRoot)
            || !arguments.TryReadUInt32(out var samples) || !arguments.TryReadHash(out var subject) || !arguments.TryReadBytes(out var packed)
            || !arguments.TryReadInt64Array(MaxOutputs, out var outputs) || !arguments.TryReadBytes(out var proof) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ProofsAbi.VerifyProof);
        var hidesInputs = !inputRoot.IsZero;
        var (model, isPrivate) = ModelAccount.LoadForProofs(call, account);
        var isCommitted = isPrivate || !weightRoot.IsZero;
        if (isCommitted && ModelsStorage.ReadRootHeight(call, account, weightRoot) == 0)
            throw ProofsErrors.UnknownRoot(account, weightRoot, "no registerRoot has registered this root of the model's weights");
        var shape = ShapeOf(call, account, model, samples, PrivacyOf(isPrivate, isCommitted, hidesInputs));
        call.Charge((ulong)VerificationWork.Of(shape));
        var statement = new ProofStatement(
            model.Hash,
            ContextOf(call, subject),
            Unpack(model, packed, hidesInputs ? 0 : samples),
            outputs,
            isCommitted ? weightRoot : null,
            hidesInputs ? inputRoot : null);
        if (!ProofVerifier.TryVerify(shape, statement, proof.ToArray(), out var error))
            throw ProofsErrors.Rejected(error);
        return ProofsAbi.VerifyProof.BeginReturn().WriteBool(true).ToArray();
    }

    private static byte[] VerificationGas(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var account) || !arguments.TryReadUInt32(out var samples) || !arguments.TryReadBool(out var hidesInputs) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ProofsAbi.VerificationGas);
        return ProofsAbi.VerificationGas.BeginReturn().WriteUInt(VerificationGas(call, account, samples, hidesInputs, namesRoot: false)).ToArray();
    }

    private static byte[] VerificationGasByRoot(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var account) || !arguments.TryReadUInt32(out var samples) || !arguments.TryReadBool(out var hidesInputs)
            || !arguments.TryReadBool(out var namesRoot) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ProofsAbi.VerificationGasByRoot);
        return ProofsAbi.VerificationGasByRoot.BeginReturn().WriteUInt(VerificationGas(call, account, samples, hidesInputs, namesRoot)).ToArray();
    }

    private static ulong VerificationGas(NativeCall call, Address account, uint samples, bool hidesInputs, bool namesRoot)
    {
        var before = call.Frame.Gas;
        var (model, isPrivate) = ModelAccount.LoadForProofs(call, account);
        var isCommitted = isPrivate || namesRoot;
        var shape = ShapeOf(call, account, model, samples, PrivacyOf(isPrivate, isCommitted, hidesInputs));
        return before - call.Frame.Gas + (ulong)VerificationWork.Of(shape) + (isCommitted ? ModelsStorage.RootReadGas : 0);
    }

    private static ProofPrivacy PrivacyOf(bool hidesWeights, bool commitsWeights, bool hidesInputs)
    {
        var weights = hidesWeights ? ProofPrivacy.Weights : commitsWeights ? ProofPrivacy.CommittedWeights : ProofPrivacy.None;
        return hidesInputs ? weights | ProofPrivacy.Inputs : weights;
    }

    /// <summary>
    /// What a proof is bound to: this chain, the account that shows it, and what that account says that it is for. A copy is worth nothing to anybody else.
    /// </summary>
    private static Hash256 ContextOf(NativeCall call, Hash256 subject) => call.Keccak(
        new AbiWriter(3).WriteUInt(call.Block.Genesis.ChainId).WriteAddress(call.Caller).WriteHash(subject).ToArray());

    /// <summary>Derived from the model, for the work that it takes, whatever a cache holds.</summary>
    private static ProofShape ShapeOf(NativeCall call, Address account, Model model, uint samples, ProofPrivacy privacy)
    {
        if (samples is 0 or > Circuit.MaxSamples)
            throw ProofsErrors.Rejected(new Error("proof-statement", $"a proof is of 1 to {Circuit.MaxSamples} inferences, not of {samples}"));
        var key = new ProofShapeKey(call.State.GetCodeHash(account), samples, privacy);
        if (!call.Context.Models.Proofs.TryGet(key, out var prepared))
        {
            var meter = new WorkMeter((long)Math.Min(call.Frame.Gas, long.MaxValue));
            var isShape = TryBuild(model, (int)samples, privacy, meter, out var shape, out var memory, out var error);
            if (meter.IsExhausted)
                throw CallFailure.OutOfGas(error.Message);
            if (!isShape)
            {
                // Refused or not, the work is done.
                call.Charge((ulong)meter.Work);
                throw ProofsErrors.Rejected(error);
            }
            prepared = new PreparedShape(shape, meter.Work, memory);
            call.Context.Models.Proofs.Add(key, prepared);
        }
        call.Charge((ulong)prepared.Work);
        return prepared.Shape;
    }

    /// <param name="memory">Of what a shape keeps: the model's own graph is in another cache, an architecture that was derived from it is not.</param>
    private static bool TryBuild(Model model, int samples, ProofPrivacy privacy, WorkMeter meter, out ProofShape shape, out long memory, out Error error)
    {
        (shape, memory) = (null!, 0);
        if (!privacy.HasFlag(ProofPrivacy.CommittedWeights))
        {
            if (!ProofShape.TryBuild(model.Graph, model.Analysis, samples, privacy, meter, out shape, out error))
                return false;
            memory = shape.ResidentMemory;
            return true;
        }
        if (!CommittedModel.TryCreate(model.Hash, model.Graph, ModelLimits.OnChain, meter, out var committed, out error)
            || !committed.TryShape(samples, privacy.HasFlag(ProofPrivacy.Inputs), meter, out shape, out error))
            return false;
        memory = shape.ResidentMemory + committed.ResidentMemory;
        return true;
    }

    private static long[] Unpack(Model model, ReadOnlySpan<byte> packed, uint samples)
    {
        if (packed.Length != (long)samples * model.PackedInputLength)
            throw ProofsErrors.Rejected(new Error("proof-statement", $"{packed.Length} bytes of inputs; {samples} public ones have {(long)samples * model.PackedInputLength}"));
        var inputs = new long[samples * model.InputCount];
        for (var sample = 0; sample < samples; sample++)
            model.UnpackInput(
                packed.Slice(sample * model.PackedInputLength, model.PackedInputLength), inputs.AsSpan(sample * model.InputCount, model.InputCount));
        return inputs;
    }
}
