using System.Text.Json;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Field;
using Aivm.Tests.Proofs.Transcripts;

namespace Aivm.Tests.Proofs;

/// <summary>
/// Proofs of this version, frozen. From known randomness a prover makes the same bytes on every machine; the verifier absorbs and draws the same; and proof
/// files that were made once are accepted. Where a test fails, the protocol or a circuit has changed: then it is another version, and has another name. With one,
/// <c>AIVM_WRITE_PROOF_VECTORS=1 dotnet run -c Release --project tests/Aivm.Tests -- -class Aivm.Tests.Proofs.ProofVectorTests</c> writes its vectors; those of a
/// name that has some are never written again.
/// </summary>
[Collection(nameof(FieldSimd))]
public sealed class ProofVectorTests
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static string Folder => Path.Combine(Repository.Root, "tests", "Aivm.Tests", "Proofs", "Vectors");

    private static bool IsWriting => Environment.GetEnvironmentVariable("AIVM_WRITE_PROOF_VECTORS") == "1";

    public static TheoryData<string> Kinds => [.. SmallProof.Kinds, .. CircuitKinds.Names];

    /// <param name="Version">The domain that all of it is absorbed behind.</param>
    /// <param name="Proof">BLAKE3 of the proof.</param>
    /// <param name="Transcript">BLAKE3 of all that the verifier absorbs and draws.</param>
    /// <param name="Schedule">The lengths of messages, and what is drawn, in order.</param>
    private sealed record Vector(string Version, int Length, string Proof, string Transcript, string Schedule);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_proof_made_from_known_randomness_is_the_frozen_one(string kind)
    {
        var path = Path.Combine(Folder, $"{kind}.json");
        var vector = Describe(Make(kind));
        if (IsWriting && MayWrite(path, vector.Version))
        {
            File.WriteAllText(path, JsonSerializer.Serialize(vector, Format) + "\n");
            Assert.Skip($"{path} is written.");
        }
        Assert.Equal(Read(path), vector);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_vectors_of_a_version_are_written_once(string kind)
    {
        var path = Path.Combine(Folder, $"{kind}.json");
        Assert.False(MayWrite(path, Read(path).Version));
        Assert.True(MayWrite(path, Read(path).Version.Replace('1', '2')));
        Assert.True(MayWrite(Path.Combine(Folder, "a kind that is new.json"), Read(path).Version));
    }

    private static bool MayWrite(string path, string version) => !File.Exists(path) || Read(path).Version != version;

    private static Vector Read(string path) => JsonSerializer.Deserialize<Vector>(File.ReadAllText(path), Format)!;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Scalar_and_vector_kernels_make_one_proof_and_give_one_verdict(string kind)
    {
        var expected = Make(kind);
        var changed = expected.Bytes.ToArray();
        changed[^40] ^= 1;
        foreach (var level in Enum.GetValues<FieldLevel>().Where(FieldSimd.IsSupported))
            FieldLevels.At(level, () =>
            {
                Assert.Equal(expected.Bytes, Make(kind).Bytes);
                Assert.Null(expected.Verify(expected.Bytes));
                Assert.Equal(RefusedBy.Tree, expected.Verify(changed)?.Message);
            });
    }

    /// <summary>Private weights with the proof of their ranges, and private inputs.</summary>
    [Fact]
    public void A_proof_file_that_was_made_once_is_accepted()
    {
        var path = Path.Combine(Folder, "private.proof");
        if (IsWriting && !File.Exists(path))
        {
            using (new KnownRandomness(2))
                File.WriteAllBytes(path, ProofFileTests.Prove(hidesWeights: true, hidesInputs: true, samples: 1).Encode());
            Assert.Skip($"{path} is written.");
        }
        Assert.True(ProofFile.TryDecode(File.ReadAllBytes(path), ModelLimits.OffChain, out var file, out var error), error?.ToString());
        Assert.True(file.TryDecodeModel(ModelLimits.OffChain, out var model, out error), error?.ToString());
        Assert.True(file.TryVerify(model, out error), error?.ToString());
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(1)), file.Outputs.ToArray());
        Assert.False((file with { Context = Hash256.Zero }).TryVerify(model, out _));
    }

    [Fact]
    public void Known_randomness_ends_with_the_test_that_asked_for_it()
    {
        Ext4 known;
        using (new KnownRandomness(1))
            known = new SecretRandom().NextExt4();
        using (new KnownRandomness(1))
            Assert.Equal(known, new SecretRandom().NextExt4());
        Assert.NotEqual(known, new SecretRandom().NextExt4());
        Assert.NotEqual(new SecretRandom().NextExt4(), new SecretRandom().NextExt4());
    }

    private static SmallProof Make(string kind)
    {
        using var _ = new KnownRandomness(1);
        return CircuitKinds.Make(kind, ProofParameters.Production);
    }

    private static Vector Describe(SmallProof proof)
    {
        var recorder = new TranscriptRecorder();
        Assert.Null(proof.Verify(proof.Bytes, recorder));
        return new Vector(proof.Domain, proof.Bytes.Length, Blake3.Hash(proof.Bytes).ToString(), recorder.Digest().ToString(), recorder.Schedule());
    }
}
