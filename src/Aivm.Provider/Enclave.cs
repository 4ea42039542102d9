using System.Security.Cryptography;
using Aivm.Attestation;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>A job as it goes into the enclave. For a sealed input that is ciphertext.</summary>
/// <param name="Height">The latest block.</param>
internal sealed record EnclaveJob(ulong ChainId, Address Provider, ulong Job, Address Caller, Hash256 Commitment, bool IsSealed, byte[] Input, ulong Height);

/// <summary>An answer as it leaves the enclave.</summary>
/// <param name="Output">Sealed to the caller where the input was.</param>
/// <param name="Evidence">As the Jobs contract takes it.</param>
internal sealed record EnclaveAnswer(byte[] Output, byte[] Evidence);

/// <summary>
/// The boundary: inside are the session's secret keys and what callers sealed to them; a sealed input is opened here and kept nowhere, though the memory
/// that the run itself used is not cleared, and outputs stay from the run that told whether a job can be answered until it is. The evidence names the public halves of the keys, and every answer is signed.
/// </summary>
/// <param name="memory">Where it all lies.</param>
/// <param name="keys">Disposed with the enclave.</param>
internal sealed class Enclave(ITrustedHardware hardware, MachineMemory memory, SessionKeys keys) : IDisposable
{
    /// <summary>Jobs that are looked at but not answered push others out, whose models run again.</summary>
    private const int RunsKept = 16;

    private readonly RunMemory _runs = new(RunsKept);

    public JobEvidence Kind => hardware.Kind;

    public Address Signer => keys.Signer;

    /// <summary>Evidence for the chain, bound to our keys and to a recent block.</summary>
    public SessionEvidence Attest(ulong chainId, Address provider, Hash256 blockHash, ulong height)
    {
        var nonce = new Hash256(RandomNumberGenerator.GetBytes(Hash256.Size));
        var encryptionKey = keys.Encryption.PublicKey;
        var binding = new ReportBinding(chainId, provider, keys.SigningKey, encryptionKey, Hash256.Zero, blockHash, height, nonce, Hash256.Zero);
        var evidence = hardware.Attest(binding.ReportData());
        return new SessionEvidence(
            evidence.Bytes, evidence.Certificates, keys.SigningKey, new Hash256(encryptionKey.Span), Hash256.Zero, blockHash, height, nonce);
    }

    /// <param name="cancellation">Ends a run, where its engine can be ended.</param>
    /// <exception cref="JobRefusal">The input does not open, or must not be opened here, or the model refuses it.</exception>
    public EnclaveAnswer Answer(IRunnable model, EnclaveJob job, CancellationToken cancellation)
    {
        if (!job.IsSealed)
            return Answer(model, job, job.Input, replyKey: default, cancellation);
        // A disk is outside what was attested. A development TEE promises nothing.
        if (Kind == JobEvidence.Attested && memory.HasSwap)
            throw new JobRefusal("memory-swapped", "this machine may write its memory to a disk: it opens no sealed input");
        var binding = new InputBinding(job.ChainId, job.Provider, model.Hash, job.Caller);
        if (!SealedInput.TryOpen(keys.Encryption, binding, job.Commitment, job.Input, out var opened, out var error))
            throw new JobRefusal(error.Code, error.Message);
        using (opened)
            return Answer(model, job, opened.PackedInput.Span, opened.ReplyKey.Span, cancellation);
    }

    public void Dispose() => keys.Dispose();

    private EnclaveAnswer Answer(IRunnable model, EnclaveJob job, ReadOnlySpan<byte> input, ReadOnlySpan<byte> replyKey, CancellationToken cancellation)
    {
        var outputs = _runs.Run(job.Job, model, input, cancellation);
        var packed = OutputNumbers.Pack(outputs);
        var outputHash = Keccak.Hash(packed);
        var statement = new AnswerStatement(job.ChainId, job.Job, model.Hash, job.Commitment, outputHash, job.Height);
        var evidence = JobsClient.SignedEvidence(job.Height, outputHash, keys.Sign(statement));
        if (!job.IsSealed)
            return new EnclaveAnswer(packed, evidence);
        var isSealed = SealedOutput.TrySeal(job.ChainId, job.Job, replyKey, outputs, out var sealedOutput, out var error);
        CryptographicOperations.ZeroMemory(packed);
        Array.Clear(outputs);
        return isSealed ? new EnclaveAnswer(sealedOutput!, evidence) : throw new JobRefusal(error!.Code, error.Message);
    }
}
