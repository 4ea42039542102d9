using Aivm.Chain;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Tests.Compiler;
using Aivm.Tests.Proofs;
using Aivm.Tests.Proofs.Circuits;
using static Aivm.Tests.Chain.ProofsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

public sealed class ProofsContractTests : IDisposable
{
    private readonly TestChain _chain = new();

    public void Dispose() => _chain.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    public void A_proof_about_a_public_model_is_accepted(int samples, bool hidesInputs)
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var mined = _chain.Show(Bob, Prove(model, SmallNetwork.Container, Bob.Address, samples, hidesInputs));
        Assert.True(mined.Success);
        Assert.Empty(mined.Logs);
    }

    [Theory]
    [InlineData(CallKind.Call)]
    [InlineData(CallKind.StaticCall)]
    public void A_call_learns_that_a_proof_holds_where_nothing_may_be_written(CallKind kind)
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var data = Prove(model, SmallNetwork.Container, Alice.Address).Encode();
        var result = MessageCall.Execute(CallTests.Context(_chain), CallTests.Frame(SystemContracts.Proofs, data, kind, isStatic: true));
        Assert.True(result.IsSuccess);
        Assert.Equal(UInt256.One, UInt256.FromBigEndian(result.Output.Span));
    }

    public static TheoryData<string> Tamperings => [.. Tampered.Keys];

    private static readonly Dictionary<string, (Func<ProofCall, ProofCall> Change, string Check)> Tampered = new()
    {
        ["another output"] = (call => call with { Outputs = [.. call.Outputs[..^1], call.Outputs[^1] == 0 ? 1 : 0] }, "proof-rejected"),
        ["an output beyond the value's range"] = (call => call with { Outputs = [1000, .. call.Outputs[1..]] }, "proof-statement"),
        ["an output more"] = (call => call with { Outputs = [.. call.Outputs, 0] }, "proof-statement"),
        ["another input"] = (call => call with { Inputs = [(byte)(call.Inputs[0] ^ 1), .. call.Inputs[1..]] }, "proof-rejected"),
        ["an input less"] = (call => call with { Inputs = call.Inputs[1..] }, "proof-statement"),
        ["another subject"] = (call => call with { Subject = Keccak.Hash("job 8"u8) }, "proof-rejected"),
        ["two samples"] = (call => call with { Samples = 2, Inputs = [.. call.Inputs, .. call.Inputs], Outputs = [.. call.Outputs, .. call.Outputs] }, "proof-"),
        ["no sample"] = (call => call with { Samples = 0, Inputs = [], Outputs = [] }, "proof-statement"),
        ["too many samples"] = (call => call with { Samples = uint.MaxValue }, "proof-statement"),
        ["an input root"] = (call => call with { InputRoot = Keccak.Hash("x"u8), Inputs = [] }, "proof-"),
        ["a weight root"] = (call => call with { WeightRoot = Keccak.Hash("x"u8) }, "no registerRoot"),
        ["no proof"] = (call => call with { Proof = [] }, "proof-truncated"),
        ["a byte less"] = (call => call with { Proof = call.Proof[..^1] }, "proof-"),
        ["a byte more"] = (call => call with { Proof = [.. call.Proof, 0] }, "proof-trailing"),
        ["its first byte changed"] = (call => call with { Proof = Flipped(call.Proof, 0) }, "proof-rejected"),
        ["its middle byte changed"] = (call => call with { Proof = Flipped(call.Proof, call.Proof.Length / 2) }, "proof-"),
        ["its last byte changed"] = (call => call with { Proof = Flipped(call.Proof, call.Proof.Length - 1) }, "proof-"),
    };

    private static byte[] Flipped(byte[] proof, int at)
    {
        byte[] changed = [.. proof];
        changed[at] ^= 1;
        return changed;
    }

    [Theory]
    [MemberData(nameof(Tamperings))]
    public void A_proof_is_refused_with(string change)
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var (tamper, check) = Tampered[change];
        var (name, explanation) = _chain.Refusal(Bob, tamper(Prove(model, SmallNetwork.Container, Bob.Address)));
        Assert.Contains(name, (string[])["ProofRejected", "UnknownRoot"]);
        Assert.Contains(check, explanation);
    }

    [Fact]
    public void A_copied_proof_is_worth_nothing_to_another_account_or_on_another_chain()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        Assert.Contains("proof-rejected", _chain.Refusal(Carol, Prove(model, SmallNetwork.Container, Bob.Address)).Explanation);
        Assert.Contains("proof-rejected", _chain.Refusal(Bob, Prove(model, SmallNetwork.Container, Bob.Address, chainId: ChainId + 1)).Explanation);
    }

    [Fact]
    public void A_proof_is_about_one_model_and_no_other_account()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var other = _chain.Publish(Alice, ModelsFixture.Container(), "other");
        var call = Prove(model, SmallNetwork.Container, Bob.Address);
        Assert.Contains("proof-statement", _chain.Refusal(Bob, call with { Model = other }).Explanation);
        Assert.Equal("NotAModel", _chain.Refusal(Bob, call with { Model = Alice.Address }).Name);
        Assert.Equal("NotAModel", _chain.Refusal(Bob, call with { Model = SystemContracts.Proofs }).Name);
    }

    [Fact]
    public void A_model_with_private_weights_is_published_registered_and_believed_by_proof()
    {
        var secret = new SecretModel(SmallNetwork.Model);
        var model = _chain.Publish(Alice, secret.Container);
        Assert.Contains("registered", _chain.Refusal(Bob, Prove(model, secret, secret.Root, Bob.Address)).Explanation);

        var registered = _chain.Run(_chain.Models(Alice, RegisterRoot(model, secret.Root, secret.Ranges()), gas: Gas));
        Assert.True(registered.Success);
        Assert.Equal([ModelsAbi.RootRegistered.Topic, AbiEvent.TopicOf(model), secret.Root], Assert.Single(registered.Logs).Topics);
        var call = Prove(model, secret, secret.Root, Bob.Address);
        Assert.True(_chain.Show(Bob, call).Success);
        Assert.Contains("proof-rejected", _chain.Refusal(Bob, call with { Outputs = [.. call.Outputs[..^1], call.Outputs[^1] == 0 ? 1 : 0] }).Explanation);
        Assert.Equal("UnknownRoot", _chain.Refusal(Bob, call with { WeightRoot = Keccak.Hash("x"u8) }).Name);
        Assert.Equal("UnknownRoot", _chain.Refusal(Bob, call with { WeightRoot = Hash256.Zero }).Name);
    }

    [Fact]
    public void A_fresh_root_serves_when_it_holds_the_same_weights()
    {
        var secret = new SecretModel(SmallNetwork.Model);
        var model = _chain.Publish(Alice, secret.Container);
        Assert.True(_chain.Run(_chain.Models(Alice, RegisterRoot(model, secret.Root, secret.Ranges()), gas: Gas)).Success);
        var fresh = secret.Renew(seed: 2);
        var equality = secret.Equality(secret.Root, fresh);
        Assert.Equal("InvalidProof", _chain.Revert(Alice, RegisterRoot(model, fresh, equality[..^1])));
        Assert.Equal("InvalidProof", _chain.Revert(Alice, RegisterRoot(model, Keccak.Hash("x"u8), equality)));
        Assert.Equal("InvalidProof", _chain.Revert(Alice, RegisterRoot(model, fresh, secret.Ranges())));
        Assert.Equal("NotOwner", _chain.Revert(Bob, RegisterRoot(model, fresh, equality)));
        Assert.True(_chain.Run(_chain.Models(Alice, RegisterRoot(model, fresh, equality), gas: Gas)).Success);
        Assert.Equal("RootExists", _chain.Revert(Alice, RegisterRoot(model, fresh, equality)));
        Assert.Equal("RootExists", _chain.Revert(Alice, RegisterRoot(model, secret.Root, secret.Ranges())));

        Assert.True(_chain.Show(Bob, Prove(model, secret, fresh, Bob.Address)).Success);
        Assert.True(_chain.Show(Bob, Prove(model, secret, secret.Root, Bob.Address)).Success);
        var next = secret.Renew(seed: 3);
        Assert.Equal("InvalidProof", _chain.Revert(Alice, RegisterRoot(model, next, secret.Equality(secret.Root, next))));
        Assert.True(_chain.Run(_chain.Models(Alice, RegisterRoot(model, next, secret.Equality(fresh, next)), gas: Gas)).Success);
        Assert.Equal([secret.Root, fresh, next], Roots(model));
    }

    private List<Hash256> Roots(Address model)
    {
        var count = UInt256.FromBigEndian(Read(ModelsAbi.RootCount.BeginCall().WriteAddress(model).ToArray()));
        var roots = new List<Hash256>();
        for (var i = UInt256.Zero; i < count; i += UInt256.One)
            roots.Add(new Hash256(Read(ModelsAbi.RootAt.BeginCall().WriteAddress(model).WriteUInt(i).ToArray())));
        foreach (var root in roots)
            Assert.False(UInt256.FromBigEndian(Read(ModelsAbi.RootHeight.BeginCall().WriteAddress(model).WriteHash(root).ToArray())).IsZero);
        return roots;
    }

    private ReadOnlySpan<byte> Read(byte[] data) => _chain.Call(Bob.Address, SystemContracts.Models, data).Call.Output.Span;

    [Fact]
    public void The_first_root_is_the_container_s_and_its_weights_lie_in_their_ranges()
    {
        var secret = new SecretModel(SmallNetwork.Model);
        var model = _chain.Publish(Alice, secret.Container);
        var fresh = secret.Renew(seed: 2);
        Assert.Equal("WrongRoot", _chain.Revert(Alice, RegisterRoot(model, fresh, secret.Ranges())));
        Assert.Equal("InvalidProof", _chain.Revert(Alice, RegisterRoot(model, secret.Root, [])));
        Assert.Equal("InvalidProof", _chain.Revert(Alice, RegisterRoot(model, secret.Root, [.. secret.Ranges(), 0])));
        Assert.Equal("NotOwner", _chain.Revert(Bob, RegisterRoot(model, secret.Root, secret.Ranges())));
        var open = _chain.Publish(Alice, SmallNetwork.Container, "open");
        Assert.Equal("InvalidProof", _chain.Revert(Alice, RegisterRoot(open, secret.Root, secret.Ranges())));
        Assert.Equal("NotAModel", _chain.Revert(Alice, RegisterRoot(Alice.Address, secret.Root, secret.Ranges())));
    }

    /// <summary>A few hundred bytes whose proof of ranges has four million rows: whoever asks for them pays for them, whatever the proof.</summary>
    [Fact]
    public void The_shape_of_a_first_root_s_proof_is_paid_for()
    {
        var root = Keccak.Hash("x"u8);
        var model = _chain.Publish(Alice, PrivateModel.Encode(HostileArchitectureTests.ManyTests().Graph, root));
        var mined = _chain.Run(_chain.Models(Alice, RegisterRoot(model, root, []), gas: Gas));
        Assert.False(mined.Success);
        Assert.Equal(Gas, mined.GasUsed);
    }

    [Fact]
    public void A_model_with_private_weights_runs_nowhere_but_is_described()
    {
        var secret = new SecretModel(SmallNetwork.Model);
        var model = _chain.Publish(Alice, secret.Container);
        byte[] input = [.. SmallNetwork.Input(seed: 1).Select(number => (byte)number)];
        Assert.Equal("PrivateWeights", _chain.Revert(Bob, ModelsAbi.Infer.BeginCall().WriteAddress(model).WriteBytes(input).ToArray()));
        Assert.Equal("PrivateWeights", _chain.Call(Bob.Address, model, ModelsAbi.ModelInferPacked.BeginCall().WriteBytes(input).ToArray()).Call.Error!.Code);
        Assert.Equal("PrivateWeights", _chain.Call(Bob.Address, model, ModelsAbi.ModelInfer.BeginCall().WriteInt64Array(SmallNetwork.Input(seed: 1)).ToArray()).Call.Error!.Code);
        Assert.True(_chain.Call(Bob.Address, model, ModelsAbi.ModelDescribe.BeginCall().ToArray()).Call.IsSuccess);
    }

    [Fact]
    public void A_private_container_that_shows_weights_or_has_another_version_is_not_sealed()
    {
        var secret = new SecretModel(SmallNetwork.Model);
        byte[] revealing = [.. secret.Container[..37], .. SmallNetwork.Container];
        byte[] unknown = [.. secret.Container];
        unknown[4] = 2;
        foreach (var container in (byte[][])[revealing, unknown, secret.Container[..20]])
        {
            var hash = Keccak.Hash(container);
            Assert.True(_chain.Run(_chain.Models(Alice, ModelsFixture.Begin(hash, container.Length), ModelsFixture.Deposit(container.Length))).Success);
            Assert.True(_chain.Run(_chain.Models(Alice, ModelsFixture.Chunk(hash, 0, container))).Success);
            Assert.Equal("InvalidModel", _chain.Revert(Alice, ModelsFixture.Seal(hash, "model")));
        }
    }

    [Fact]
    public void Gas_does_not_depend_on_what_is_cached()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var call = Prove(model, SmallNetwork.Container, Bob.Address);
        var first = _chain.Show(Bob, call).GasUsed;
        Assert.Equal(first, _chain.Show(Bob, call).GasUsed);
        using var other = new TestChain(options: new ApplicationOptions { ModelCacheBytes = 0 });
        Assert.Equal(model, other.Publish(Alice, SmallNetwork.Container));
        Assert.Equal(first, other.Show(Bob, call).GasUsed);
    }

    /// <summary>Whether the circuit was cached or not, the same gas is too little, and no less.</summary>
    [Fact]
    public void Less_gas_than_it_takes_ends_the_call_with_all_of_it_gone()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var call = Prove(model, SmallNetwork.Container, Bob.Address);
        using var cold = new TestChain(options: new ApplicationOptions { ModelCacheBytes = 0 });
        cold.Publish(Alice, SmallNetwork.Container);
        var needed = _chain.Show(Bob, call).GasUsed;
        var least = IntrinsicGas.Of(call.Encode(), []).Required;
        foreach (var chain in (TestChain[])[_chain, cold])
        {
            Assert.Equal(needed, chain.Show(Bob, call, needed).GasUsed);
            foreach (var less in (ulong[])[least, (least + needed) / 2, needed - 1])
            {
                var mined = chain.Show(Bob, call, less);
                Assert.False(mined.Success);
                Assert.Equal(less, mined.GasUsed);
            }
        }
    }

    [Fact]
    public void What_a_proof_costs_is_told_before()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var call = Prove(model, SmallNetwork.Container, Bob.Address);
        var told = _chain.Call(Bob.Address, SystemContracts.Proofs, ProofsAbi.VerificationGas.BeginCall().WriteAddress(model).WriteUInt(1UL).WriteBool(false).ToArray()).Call;
        Assert.True(told.IsSuccess);
        var paid = _chain.Show(Bob, call).GasUsed - IntrinsicGas.Of(call.Encode(), []).Base;
        // Besides: the call, its calldata, the hash of its context.
        Assert.InRange(paid - (ulong)UInt256.FromBigEndian(told.Output.Span), 1UL, 200UL + (3UL * (ulong)(call.Encode().Length / 32)) + 1000);
    }

    [Fact]
    public void Calldata_that_is_not_canonical_is_refused_by_name()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var data = Prove(model, SmallNetwork.Container, Bob.Address).Encode();
        string Refused(byte[] bytes, UInt256 value = default)
        {
            var result = _chain.Call(Bob.Address, SystemContracts.Proofs, bytes, value).Call;
            Assert.Equal(CallStatus.Reverted, result.Status);
            return result.Error!.Code;
        }

        Assert.Equal("UnknownSelector", Refused([]));
        Assert.Equal("UnknownSelector", Refused([1, 2, 3, 4]));
        Assert.Equal("MalformedCalldata", Refused(data[..^32]));
        Assert.Equal("MalformedCalldata", Refused([.. data, .. new byte[32]]));
        Assert.Equal("MalformedCalldata", Refused(data[..4]));
        Assert.Equal("ValueNotAccepted", Refused(data, UInt256.One));
    }

    /// <summary>A softmax beyond its argument: the work until then is paid, and the reason named.</summary>
    [Fact]
    public void A_model_that_cannot_be_proved_is_refused_by_name()
    {
        var container = Container.Encode(SmallCircuits.Model(
            new GraphInput("x", [4], new InputFormat.Fixed(6)),
            QuantiseNode.Scale(0, ElementType.S16, 1, 6),
            new SoftmaxNode { Source = 1, Shift = 20, Entries = Constant.S32([2], [2, 1]), OutputExponent = 8 }).Graph);
        var model = _chain.Publish(Alice, container, "far-softmax");
        var call = new ProofCall(model, Hash256.Zero, Hash256.Zero, 1, Subject, new byte[32], [0, 0, 0, 0], [1]);
        Assert.Contains("proof-unsupported", _chain.Refusal(Bob, call).Explanation);
    }

    /// <summary>The largest models of the vectors, up to everything private: calldata, loading, circuit and verification within the cap.</summary>
    [Theory]
    [InlineData("mobilenetv1_025_vww96", false, false)]
    [InlineData("mobilenetv1_025_vww96", true, true)]
    [InlineData("fashion_lenetish", true, false)]
    public void Calldata_and_verification_fit_one_transaction(string file, bool hidesWeights, bool hidesInputs) =>
        AssertFitsOneTransaction(file, VectorCircuits.ModelOf(file, takesBytes: true), hidesWeights, hidesInputs);

    /// <summary>The sample of 64 tokens.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_transformer_s_proof_fits_one_transaction(bool hidesWeights, bool hidesInputs) =>
        AssertFitsOneTransaction("text-generator", Onnx.Load(TransformerTests.Generator.Value), hidesWeights, hidesInputs);

    private void AssertFitsOneTransaction(string name, Model full, bool hidesWeights, bool hidesInputs)
    {
        var secret = hidesWeights ? new SecretModel(full) : null;
        var container = secret?.Container ?? Container.Encode(full.Graph);
        var model = _chain.Publish(Alice, container, chunkSize: ChainLimits.Default.ChunkBytes / 2);
        var most = ChainLimits.Default.TransactionGas;
        if (secret is not null)
        {
            var registered = _chain.Run(_chain.Models(Alice, RegisterRoot(model, secret.Root, secret.Ranges()), gas: most));
            Assert.True(registered.Success);
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {registered.GasUsed} gas to register its root");
        }
        var call = secret is null
            ? Prove(model, container, Bob.Address, hidesInputs: hidesInputs)
            : Prove(model, secret, secret.Root, Bob.Address, hidesInputs);
        var mined = _chain.Show(Bob, call, most);
        Assert.True(mined.Success);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {call.Proof.Length} bytes, {mined.GasUsed} gas");
    }
}
