using Aivm.Attestation;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Proofs;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain.Jobs;

/// <summary>Evidence as providers make it: each is right for one job of one provider.</summary>
internal static class JobEvidence
{
    /// <summary>A proof of <see cref="SmallNetwork"/> that whoever is named may show for a job, or against its answer.</summary>
    public static ProofCall Prove(Address model, ulong job, TestAccount shower, ulong chainId = ChainId) => ProofsFixture.Prove(
        model, SmallNetwork.Container, SystemContracts.Jobs, chainId: chainId, subject: SubjectOf(job, shower));

    /// <summary>The same by the root of its weights.</summary>
    public static ProofCall ProveByRoot(Address model, ulong job, TestAccount shower) =>
        ProofsFixture.ProveByRoot(model, SmallNetwork.Container, SystemContracts.Jobs, subject: SubjectOf(job, shower));

    private static Hash256 SubjectOf(ulong job, TestAccount shower) => Keccak.Hash(new AbiWriter(2).WriteUInt(job).WriteAddress(shower.Address).ToArray());

    public static byte[] Evidence(this ProofCall proof) => JobsClient.ProofEvidence(proof.Inputs, proof.WeightRoot, proof.Proof);

    public static byte[] Output(this ProofCall proof) => ModelsFixture.Packed(proof.Outputs);

    /// <summary>What a session's key signs now, for a model on the chain and an input that everybody sees.</summary>
    public static AnswerStatement Statement(this TestChain chain, ulong job, byte[] container, byte[] input, byte[] output) => new(
        ChainId, job, Keccak.Hash(container), Aivm.Sdk.InferenceReceipt.CommitToPublicInput(input), Keccak.Hash(output), chain.Reader.Head.Number);

    public static byte[] Evidence(this SessionKeys keys, AnswerStatement statement) =>
        JobsClient.SignedEvidence(statement.Height, statement.OutputHash, keys.Sign(statement));

    /// <summary>The keys of an account's enclave; always the same ones.</summary>
    public static SessionKeys EnclaveKeys(this TestAccount account) => new(account.Key, new EncryptionKey(account.Key));

    /// <summary>Opens a session of a development TEE.</summary>
    public static void OpenSession(this TestChain chain, TestAccount provider, SessionKeys keys)
    {
        var head = chain.Reader.Head;
        var nonce = Keccak.Hash(provider.Address.Span);
        var encryption = keys.Encryption.PublicKey;
        var binding = new ReportBinding(
            ChainId, provider.Address, keys.SigningKey, encryption, Hash256.Zero, head.Header.ParentHash, head.Number - 1, nonce, Hash256.Zero);
        var evidence = DevelopmentEvidence.Make(new byte[32], binding.ReportData());
        var data = AttestationsAbi.OpenSession.BeginCall()
            .WriteBytes(evidence.Encoded.Span).BeginArray(0).End().WriteBytes(keys.SigningKey.Span).WriteHash(new Hash256(encryption.Span))
            .WriteHash(Hash256.Zero).WriteHash(head.Header.ParentHash).WriteUInt(head.Number - 1).WriteHash(nonce).ToArray();
        Assert.True(chain.Run(chain.Sign(provider, SystemContracts.Attestations, data: data, gas: JobsFixture.Gas)).Success);
    }
}
