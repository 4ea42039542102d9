using System.Text;
using System.Text.Json;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;
using static Aivm.Tests.Chain.Jobs.JobsFixture;
using static Aivm.Tests.Chain.TestChain;
using EvidenceKind = Aivm.Chain.EvidenceKind;
using JobEnd = Aivm.Chain.JobEnd;
using JobState = Aivm.Chain.JobState;

namespace Aivm.Tests.Chain;

/// <summary>Models whose bytes no validator sees: their accounts, and the jobs for them.</summary>
public sealed class OffChainModelTests : IDisposable
{
    private static readonly Hash256 Hash = Keccak.Hash("a large model"u8);
    private static readonly Hash256 Digest = ContentDigest.Of("a large model"u8).Hash;
    private static readonly OffChainDescriptor Descriptor = new(OffChainModelKind.Onnx, Hash, Digest, Size: 5_000_000_000, Gas: 7_000_000_000);

    private readonly TestChain _chain = new(MarketGenesis with
    {
        Attestation = AttestationsFixture.AttestedGenesis.Attestation,
        Time = AttestationsFixture.AttestedGenesis.Time,
    });

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void A_model_off_the_chain_has_a_record_like_any_other_and_a_descriptor_for_code()
    {
        var mined = _chain.Run(_chain.Models(Alice, Publish(Descriptor, "large", "about", price: 77)));
        Assert.True(mined.Success);
        var model = ModelAccount.AddressOf(Alice.Address, Hash);
        var log = Assert.Single(mined.Logs);
        Assert.Equal([ModelsAbi.ModelPublished.Topic, AbiEvent.TopicOf(model), AbiEvent.TopicOf(Alice.Address), Hash], log.Topics);

        var code = _chain.Reader.HeadState.GetCode(model).Span.ToArray();
        Assert.Equal("0xefa202" + Hex(Hash) + Hex(Digest) + "000000012a05f200" + "00000001a13b8600", "0x" + Convert.ToHexStringLower(code));
        Assert.Equal(CodeKind.OffChainModel, CodeKinds.Of(code));
        Assert.Equal(Descriptor, OffChainDescriptor.Decode(code));
        Assert.True(OffChainModel.TryDecode(code, out var read));
        Assert.Equal(new OffChainModel(OffChainKind.Onnx, Hash, new ContentDigest(Digest), 5_000_000_000, 7_000_000_000), read);

        var info = new AbiReader(Read(ModelsAbi.Info.BeginCall().WriteAddress(model)));
        Assert.True(info.TryReadAddress(out var owner) & info.TryReadAddress(out _) & info.TryReadHash(out var hash)
            & info.TryReadString(out var name) & info.TryReadUInt32(out var version) & info.TryReadString(out var metadata)
            & info.TryReadUInt256(out var price) & info.TryReadUInt64(out var gas) & info.TryReadUInt64(out var loadGas)
            & info.TryReadUInt32(out var size) & info.TryReadUInt64(out var height) & info.TryEnd());
        Assert.Equal((Alice.Address, Hash, "large", 1u, "about", (UInt256)77), (owner, hash, name, version, metadata, price));
        Assert.Equal((Descriptor.Gas, 0ul, 0u, mined.BlockNumber), (gas, loadGas, size, height));

        var resolved = new AbiReader(Read(ModelsAbi.Resolve.BeginCall().WriteString($"{Alice.Address}/large")));
        Assert.True(resolved.TryReadAddress(out var found));
        Assert.Equal(model, found);
        using var target = new Aivm.State.MemoryStore();
        Assert.True(Aivm.Chain.Replay.Run(_chain.Reader, target).IsEqual);
    }

    public static TheoryData<string> Refusals => [.. Refused.Keys];

    private static readonly Dictionary<string, (Func<byte[]> Call, string Error)> Refused = new()
    {
        ["no kind"] = (() => Publish(Descriptor with { Kind = 0 }), "InvalidOffChainKind"),
        ["a kind that does not exist"] = (() => Publish(Descriptor with { Kind = (OffChainModelKind)3 }), "InvalidOffChainKind"),
        ["no bytes"] = (() => Publish(Descriptor with { Size = 0 }), "InvalidOffChainSize"),
        ["more bytes than any model has"] = (() => Publish(Descriptor with { Size = OffChainDescriptor.MaxSize + 1 }), "InvalidOffChainSize"),
        ["no gas"] = (() => Publish(Descriptor with { Gas = 0 }), "InvalidOffChainGas"),
        ["more gas than can be declared"] = (() => Publish(Descriptor with { Gas = OffChainDescriptor.MaxGas + 1 }), "InvalidOffChainGas"),
        ["no name"] = (() => Publish(Descriptor, ""), "InvalidName"),
        ["a name with capitals"] = (() => Publish(Descriptor, "Large"), "InvalidName"),
        ["metadata of 16 KiB and a byte"] = (() => Publish(Descriptor, metadata: new string('m', (16 << 10) + 1)), "MetadataTooLong"),
        ["metadata that is no text"] = (() => Encode(Descriptor, "large", [0xFF], 0), "InvalidMetadata"),
        ["a byte too many"] = (() => [.. Publish(Descriptor), 0], "MalformedCalldata"),
        ["a byte too few"] = (() => Publish(Descriptor)[..^1], "MalformedCalldata"),
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_is_said_wrongly_is_refused_by_name(string name)
    {
        var (call, error) = Refused[name];
        Assert.Equal(error, _chain.Revert(Alice, call()));
    }

    [Fact]
    public void The_largest_numbers_are_taken()
    {
        var model = PublishModel(Descriptor with { Size = OffChainDescriptor.MaxSize, Gas = OffChainDescriptor.MaxGas });
        Assert.True(OffChainModel.TryDecode(_chain.Reader.HeadState.GetCode(model).Span, out var read));
        Assert.Equal((OffChainModel.MaxSize, OffChainModel.MaxGas), (read.Size, read.Gas));
    }

    [Fact]
    public void A_publisher_publishes_a_hash_once_wherever_its_bytes_are()
    {
        PublishModel(Descriptor);
        Assert.Equal("AlreadyPublished", _chain.Revert(Alice, Publish(Descriptor with { Kind = OffChainModelKind.Container }, "other")));
        Assert.Equal("AlreadyPublished", _chain.Revert(Alice, ModelsFixture.Begin(Hash, 100), ModelsFixture.Deposit(100)));
        Assert.True(_chain.Run(_chain.Models(Bob, Publish(Descriptor))).Success);

        var container = ModelsFixture.Container();
        _chain.Publish(Bob, container);
        Assert.Equal("AlreadyPublished", _chain.Revert(Bob, Publish(Descriptor with { Hash = Keccak.Hash(container) })));
    }

    [Fact]
    public void An_upload_does_not_take_the_place_of_a_model_that_was_published_meanwhile()
    {
        var container = ModelsFixture.Container();
        var hash = Keccak.Hash(container);
        _chain.Run(_chain.Models(Alice, ModelsFixture.Begin(hash, container.Length), ModelsFixture.Deposit(container.Length)));
        _chain.Run(_chain.Models(Alice, ModelsFixture.Chunk(hash, 0, container)));
        var model = PublishModel(Descriptor with { Hash = hash });
        Assert.Equal("AlreadyPublished", _chain.Revert(Alice, ModelsFixture.Seal(hash, "x")));
        Assert.Equal(CodeKind.OffChainModel, CodeKinds.Of(_chain.Reader.HeadState.GetCode(model).Span));
        Assert.True(_chain.Run(_chain.Models(Alice, ModelsFixture.Reclaim(Alice.Address, hash))).Success);
    }

    [Fact]
    public void The_account_describes_itself_and_refuses_to_run()
    {
        var model = PublishModel(Descriptor);
        var reader = new AbiReader(Answer(model, ModelsAbi.ModelDescribe.BeginCall().ToArray()).Output.Span);
        Assert.True(reader.TryReadString(out var json) & reader.TryEnd());
        var description = JsonDocument.Parse(json).RootElement;
        Assert.Equal("onnx", description.GetProperty("kind").GetString());
        Assert.Equal($"{Hash}", description.GetProperty("hash").GetString());
        Assert.Equal($"{new ContentDigest(Digest)}", description.GetProperty("digest").GetString());
        Assert.Equal((Descriptor.Size, Descriptor.Gas), (description.GetProperty("size").GetUInt64(), description.GetProperty("gas").GetUInt64()));

        Assert.Equal("OffChainModel", Answer(model, ModelsFixture.ModelInfer(1, 2)).Error!.Code);
        Assert.Equal("OffChainModel", Answer(model, ModelsFixture.ModelInferPacked(1, 2)).Error!.Code);
        Assert.Equal("UnknownSelector", Answer(model, []).Error!.Code);
        Assert.Equal("MalformedCalldata", Answer(model, [.. ModelsAbi.ModelDescribe.BeginCall().ToArray(), 0]).Error!.Code);
        Assert.Equal("ValueNotAccepted", Answer(model, ModelsAbi.ModelDescribe.BeginCall().ToArray(), value: 1).Error!.Code);
    }

    [Fact]
    public void Nothing_that_needs_its_bytes_is_done_on_the_chain()
    {
        var model = PublishModel(Descriptor);
        Assert.Equal("OffChainModel", _chain.Revert(Bob, ModelsFixture.Infer(model, 1, 2), value: 77));
        var register = ModelsAbi.RegisterRoot.BeginCall().WriteAddress(model).WriteHash(Hash).WriteBytes([]).ToArray();
        foreach (var account in (TestAccount[])[Bob, Alice])
            Assert.Equal("OffChainModel", _chain.Revert(account, register));
        var verify = new ProofCall(model, default, default, 1, default, [], [], []).Encode();
        Assert.Equal("OffChainModel", _chain.Call(Bob.Address, SystemContracts.Proofs, verify).Call.Error!.Code);
    }

    [Theory]
    [InlineData(EvidenceKind.Proved, "EvidenceUnavailable")]
    [InlineData(EvidenceKind.Staked, "EvidenceUnavailable")]
    [InlineData(EvidenceKind.Attested, "NoOffer")]
    [InlineData(EvidenceKind.DevelopmentAttested, "NoOffer")]
    public void Jobs_for_it_ask_for_trusted_hardware(EvidenceKind evidence, string error)
    {
        var model = PublishModel(Descriptor with { Gas = 1000 });
        _chain.AddProvider(Carol);
        _chain.AddProvider(Dave, evidence: EvidenceKind.Proved);
        Assert.Equal(error, _chain.RefusedJob(Bob, (_chain.Request(model) with { Evidence = evidence }).Encode(), 10_000));
        var quote = JobsAbi.Quote.BeginCall().WriteAddress(model).WriteUInt((ulong)evidence).WriteUInt(_chain.Request(model).Deadline)
            .WriteUInt(0).WriteAddress(Address.Zero).WriteUInt(0).ToArray();
        Assert.Equal(error, _chain.RefusedJob(Bob, quote));
    }

    [Fact]
    public void An_attested_answer_for_it_is_paid_and_cannot_be_challenged()
    {
        var model = PublishModel(Descriptor with { Gas = 1000 }, price: 1000);
        _chain.AddProvider(Carol, evidence: EvidenceKind.DevelopmentAttested);
        _chain.Open(Carol, _chain.Bind(Carol, "development"));
        var job = _chain.Lock(Bob, _chain.Request(model) with { Evidence = EvidenceKind.DevelopmentAttested });
        Assert.True(_chain.RunJobs(Carol, Accept(job)).Success);
        Assert.True(_chain.RunJobs(Carol, Submit(job, WrongOutput, Sign(job, WrongOutput))).Success);
        Assert.Equal(JobState.Answered, _chain.Job(job).State);

        Assert.Equal("NotChallengeable", _chain.RefusedJob(Erin, Replay(job)));
        var byProof = JobsAbi.ChallengeByProof.BeginCall()
            .WriteUInt(job).WriteHash(Hash256.Zero).WriteBytes(Input).WriteInt64Array([21, 5]).WriteHash(Hash256.Zero).WriteBytes([]).ToArray();
        Assert.Equal("NotChallengeable", _chain.RefusedJob(Erin, byProof));

        var alice = _chain.Balance(Alice.Address);
        _chain.Wait(Rules.ChallengeSeconds + 10);
        Assert.Equal(JobEnd.Settled, _chain.Job(job).End);
        Assert.Equal(alice + 1000, _chain.Balance(Alice.Address));
        Assert.Equal(UInt256.Zero, _chain.Owed());
    }

    private byte[] Sign(ulong job, byte[] output)
    {
        using var keys = new SessionKeys(TestAccount.Of("session").Key, EncryptionKey.Generate());
        var outputHash = Keccak.Hash(output);
        var commitment = Keccak.Hash([.. Hash256.Zero.Span, 1, .. Input]);
        var height = _chain.Reader.Head.Number;
        var signature = keys.Sign(new AnswerStatement(ChainId, job, Hash, commitment, outputHash, height));
        return JobsClient.SignedEvidence(height, outputHash, signature);
    }

    private Address PublishModel(OffChainDescriptor descriptor, UInt256 price = default)
    {
        Assert.True(_chain.Run(_chain.Models(Alice, Publish(descriptor, price: price))).Success);
        return ModelAccount.AddressOf(Alice.Address, descriptor.Hash);
    }

    private static byte[] Publish(OffChainDescriptor descriptor, string name = "large", string metadata = "", UInt256 price = default) =>
        Encode(descriptor, name, Encoding.UTF8.GetBytes(metadata), price);

    private static byte[] Encode(OffChainDescriptor descriptor, string name, byte[] metadata, UInt256 price) => ModelsAbi.PublishOffChain.BeginCall()
        .WriteUInt((ulong)descriptor.Kind).WriteHash(descriptor.Hash).WriteHash(descriptor.Digest).WriteUInt(descriptor.Size).WriteUInt(descriptor.Gas)
        .WriteString(name).WriteBytes(metadata).WriteUInt(price).ToArray();

    private CallResult Answer(Address model, byte[] data, UInt256 value = default) => _chain.Call(Bob.Address, model, data, value).Call;

    private byte[] Read(AbiWriter call) => _chain.Call(Bob.Address, SystemContracts.Models, call.ToArray()).Call.Output.ToArray();

    private static string Hex(Hash256 hash) => Convert.ToHexStringLower(hash.Span);
}
