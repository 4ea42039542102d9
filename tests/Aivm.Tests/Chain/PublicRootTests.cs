using Aivm.Chain;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Tests.Compiler;
using Aivm.Tests.Proofs;
using Aivm.Tests.Proofs.Circuits;
using static Aivm.Tests.Chain.ProofsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

/// <summary>Roots of public weights: the chain checks one against the weights that it stores, once, and proofs by it without reading them.</summary>
public sealed class PublicRootTests : IDisposable
{
    private readonly TestChain _chain = new();

    public void Dispose() => _chain.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(2, true)]
    public void Anybody_registers_the_root_of_a_public_model_and_proofs_by_it_are_believed(int samples, bool hidesInputs)
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var call = ProveByRoot(model, SmallNetwork.Container, Carol.Address, samples, hidesInputs);
        Assert.Equal("UnknownRoot", _chain.Refusal(Carol, call).Name);
        var registered = Register(Bob, model, SmallNetwork.Container);
        Assert.Equal([ModelsAbi.RootRegistered.Topic, AbiEvent.TopicOf(model), call.WeightRoot], Assert.Single(registered.Logs).Topics);
        Assert.False(UInt256.FromBigEndian(Read(ModelsAbi.RootHeight.BeginCall().WriteAddress(model).WriteHash(call.WeightRoot).ToArray())).IsZero);
        var mined = _chain.Show(Carol, call);
        Assert.True(mined.Success);
        Assert.Empty(mined.Logs);
        // Proofs that read the weights serve as before.
        Assert.True(_chain.Show(Carol, Prove(model, SmallNetwork.Container, Carol.Address, samples, hidesInputs)).Success);
        Assert.Equal("RootExists", _chain.Revert(Alice, RegisterRoot(model, call.WeightRoot, RootOf(SmallNetwork.Container).Proof.ToArray())));
    }

    [Fact]
    public void A_root_that_does_not_hold_the_stored_weights_is_refused_by_the_check()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var other = _chain.Publish(Alice, Changed(), "changed");
        var (own, foreign) = (RootOf(SmallNetwork.Container), RootOf(Changed()));
        var secret = new SecretModel(SmallNetwork.Model);
        AssertRefused(model, foreign.Root, foreign.Proof.ToArray(), RefusedBy.Combination);
        AssertRefused(other, own.Root, own.Proof.ToArray(), RefusedBy.Combination);
        AssertRefused(model, foreign.Root, own.Proof.ToArray(), RefusedBy.Combination);
        AssertRefused(model, Hash256.Zero, own.Proof.ToArray(), RefusedBy.Combination);
        AssertRefused(model, own.Root, [], "proof-truncated");
        AssertRefused(model, own.Root, own.Proof[..^1].ToArray(), "proof-truncated");
        AssertRefused(model, own.Root, [.. own.Proof.Span, 0], "proof-trailing");
        AssertRefused(model, own.Root, [.. own.Proof.Span[..^1], (byte)(own.Proof.Span[^1] ^ 1)], RefusedBy.Tree);
        AssertRefused(model, secret.Root, secret.Ranges(), "proof-");
        // The weights of another model of this architecture, honestly opened under this model's name.
        var lie = RootOf(Changed(), SmallNetwork.Model.Hash);
        AssertRefused(model, lie.Root, lie.Proof.ToArray(), "the commitment and what is stored");
        Assert.True(UInt256.FromBigEndian(Read(ModelsAbi.RootCount.BeginCall().WriteAddress(model).ToArray())).IsZero);

        void AssertRefused(Address account, Hash256 root, byte[] proof, string reason)
        {
            var result = _chain.Call(Bob.Address, SystemContracts.Models, RegisterRoot(account, root, proof)).Call;
            Assert.Equal("InvalidProof", result.Error!.Code);
            Assert.Contains(reason, result.Error.ToString(), StringComparison.Ordinal);
            Assert.Equal("InvalidProof", _chain.Revert(Bob, RegisterRoot(account, root, proof)));
        }
    }

    [Fact]
    public void A_proof_by_a_root_is_refused_when_anything_is_changed()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var other = _chain.Publish(Alice, Changed(), "changed");
        Register(Bob, model, SmallNetwork.Container);
        Register(Bob, other, Changed());
        var call = ProveByRoot(model, SmallNetwork.Container, Bob.Address);
        var reading = Prove(model, SmallNetwork.Container, Bob.Address);
        Assert.Contains("proof-rejected", _chain.Refusal(Bob, call with { Outputs = [.. call.Outputs[..^1], call.Outputs[^1] == 0 ? 1 : 0] }).Explanation);
        Assert.Contains("proof-rejected", _chain.Refusal(Bob, call with { Inputs = [(byte)(call.Inputs[0] ^ 1), .. call.Inputs[1..]] }).Explanation);
        Assert.Contains("proof-rejected", _chain.Refusal(Bob, call with { Subject = Hash256.Zero }).Explanation);
        Assert.Contains("proof-rejected", _chain.Refusal(Carol, call).Explanation);
        Assert.Contains("proof-", _chain.Refusal(Bob, call with { Proof = [.. call.Proof[..^1], (byte)(call.Proof[^1] ^ 1)] }).Explanation);
        Assert.Contains("proof-trailing", _chain.Refusal(Bob, call with { Proof = [.. call.Proof, 0] }).Explanation);
        Assert.Contains("proof-", _chain.Refusal(Bob, call with { WeightRoot = Hash256.Zero }).Explanation);
        Assert.Contains("proof-", _chain.Refusal(Bob, reading with { WeightRoot = call.WeightRoot }).Explanation);
        Assert.Contains("proof-rejected", _chain.Refusal(Bob, call with { Model = other, WeightRoot = RootOf(Changed()).Root }).Explanation);
        // Registered, but for another model.
        Assert.Equal("UnknownRoot", _chain.Refusal(Bob, call with { WeightRoot = RootOf(Changed()).Root }).Name);
        Assert.True(_chain.Show(Bob, call).Success);
    }

    [Fact]
    public void What_a_proof_by_a_root_costs_is_told_before_and_depends_on_no_cache()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var registered = Register(Bob, model, SmallNetwork.Container).GasUsed;
        var call = ProveByRoot(model, SmallNetwork.Container, Bob.Address);
        var paid = _chain.Show(Bob, call).GasUsed;
        Assert.Equal(paid, _chain.Show(Bob, call).GasUsed);
        var told = (ulong)UInt256.FromBigEndian(Read(Told(byRoot: true), SystemContracts.Proofs));
        // Besides: the call, its calldata, the hash of its context.
        Assert.InRange(paid - IntrinsicGas.Of(call.Encode(), []).Base - told, 1UL, 200UL + (3UL * (ulong)(call.Encode().Length / 32)) + 1000);
        Assert.Equal(
            Read(ProofsAbi.VerificationGas.BeginCall().WriteAddress(model).WriteUInt(1UL).WriteBool(false).ToArray(), SystemContracts.Proofs),
            Read(Told(byRoot: false), SystemContracts.Proofs));
        using var cold = new TestChain(options: new ApplicationOptions { ModelCacheBytes = 0 });
        Assert.Equal(model, cold.Publish(Alice, SmallNetwork.Container));
        var root = RootOf(SmallNetwork.Container);
        Assert.Equal(registered, cold.Run(cold.Models(Bob, RegisterRoot(model, root.Root, root.Proof.ToArray()), gas: Gas)).GasUsed);
        Assert.Equal(paid, cold.Show(Bob, call).GasUsed);
        foreach (var chain in (TestChain[])[_chain, cold])
        {
            var less = chain.Show(Bob, call, paid - 1);
            Assert.False(less.Success);
            Assert.Equal(paid - 1, less.GasUsed);
        }

        byte[] Told(bool byRoot) =>
            ProofsAbi.VerificationGasByRoot.BeginCall().WriteAddress(model).WriteUInt(1UL).WriteBool(false).WriteBool(byRoot).ToArray();
    }

    [Fact]
    public void Less_gas_than_registering_takes_ends_the_call_with_all_of_it_gone()
    {
        var model = _chain.Publish(Alice, SmallNetwork.Container);
        var root = RootOf(SmallNetwork.Container);
        var data = RegisterRoot(model, root.Root, root.Proof.ToArray());
        var least = IntrinsicGas.Of(data, []).Required;
        using var other = new TestChain();
        other.Publish(Alice, SmallNetwork.Container);
        var needed = other.Run(other.Models(Bob, data, gas: Gas)).GasUsed;
        foreach (var less in (ulong[])[least, (least + needed) / 2, needed - 1])
        {
            var mined = _chain.Run(_chain.Models(Bob, data, gas: less));
            Assert.False(mined.Success);
            Assert.Equal(less, mined.GasUsed);
        }
        Assert.True(_chain.Run(_chain.Models(Bob, data, gas: needed)).Success);
    }

    /// <summary>A million weights: wherever gas ends, in loading, in bounds, in the analysis or later, it is gone and no other error has a name.</summary>
    [Fact]
    public void Wherever_gas_ends_while_an_architecture_is_derived_the_call_ends()
    {
        var container = Container.Encode(Dense(layers: 1));
        var model = _chain.Publish(Alice, container, chunkSize: ChainLimits.Default.ChunkBytes / 2);
        Assert.True(Model.TryLoad(container, out var loaded, out var error), error?.ToString());
        foreach (var (contract, data) in (IEnumerable<(Address, byte[])>)
            [
                (SystemContracts.Models, RegisterRoot(model, Keccak.Hash("x"u8), [])),
                (SystemContracts.Proofs, ProofsAbi.VerificationGasByRoot.BeginCall().WriteAddress(model).WriteUInt(1UL).WriteBool(false).WriteBool(true).ToArray()),
            ])
            for (var beyond = -100_000L; beyond < 1_600_000; beyond += 100_000)
            {
                var gas = (ulong)((long)(IntrinsicGas.Of(data, []).Base + loaded.LoadGas) + beyond);
                var mined = _chain.Run(_chain.Sign(Bob, contract, data: data, gas: gas));
                Assert.False(mined.Success, $"{beyond}");
                Assert.Equal(gas, mined.GasUsed);
            }
    }

    [Fact]
    public void A_model_that_no_commitment_holds_is_refused_by_name()
    {
        var container = Container.Encode(SmallCircuits.Model(
            new GraphInput("x", [4], new InputFormat.Fixed(6)), QuantiseNode.Scale(0, ElementType.S16, 1, 6)).Graph);
        var model = _chain.Publish(Alice, container, "weightless");
        var result = _chain.Call(Bob.Address, SystemContracts.Models, RegisterRoot(model, Keccak.Hash("x"u8), [])).Call;
        Assert.Equal("InvalidProof", result.Error!.Code);
        Assert.Contains("proof-unsupported", result.Error.ToString(), StringComparison.Ordinal);

        var told = ProofsAbi.VerificationGasByRoot.BeginCall().WriteAddress(model).WriteUInt(1UL).WriteBool(false).WriteBool(true).ToArray();
        var refused = _chain.Call(Bob.Address, SystemContracts.Proofs, told).Call;
        Assert.Equal("ProofRejected", refused.Error!.Code);
        Assert.Contains("proof-unsupported", refused.Error.ToString(), StringComparison.Ordinal);
        Assert.False(_chain.Run(_chain.Sign(Bob, SystemContracts.Proofs, data: told, gas: Gas)).Success);
    }

    /// <summary>Registration, a proof by the root, and one that reads the weights, each.</summary>
    [Theory]
    [InlineData("fashion_lenetish", false)]
    [InlineData("mobilenetv1_025_vww96", true)]
    [InlineData("text-generator", false)]
    [InlineData("dense", false)]
    public void A_root_and_a_proof_by_it_fit_one_transaction(string file, bool hidesInputs)
    {
        var graph = file switch
        {
            "text-generator" => Onnx.Load(TransformerTests.Generator.Value).Graph,
            "dense" => Dense(layers: 3),
            _ => VectorCircuits.ModelOf(file, takesBytes: true).Graph,
        };
        var container = Container.Encode(graph);
        var (model, most) = (_chain.Publish(Alice, container, chunkSize: ChainLimits.Default.ChunkBytes / 2), ChainLimits.Default.TransactionGas);
        var registered = Register(Bob, model, container, most);
        var call = ProveByRoot(model, container, Bob.Address, hidesInputs: hidesInputs);
        var mined = _chain.Show(Bob, call, most);
        Assert.True(mined.Success);
        var reading = Prove(model, container, Bob.Address, hidesInputs: hidesInputs);
        var read = _chain.Show(Bob, reading, most);
        Assert.True(read.Success);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{file}: {registered.GasUsed} gas to register; by root {call.Proof.Length} bytes, {mined.GasUsed} gas; reading weights {reading.Proof.Length} bytes, {read.GasUsed} gas");
    }

    /// <summary>Layers of 1024 by 1024 weights.</summary>
    private static Graph Dense(int layers)
    {
        const int Width = 1024;
        var random = new Random(4);
        var nodes = new List<GraphNode> { QuantiseNode.Scale(0, ElementType.S8, 1, 1) };
        for (var layer = 0; layer < layers; layer++)
        {
            var weights = new sbyte[Width * Width];
            for (var i = 0; i < weights.Length; i++)
                weights[i] = (sbyte)random.Next(-127, 128);
            nodes.Add(new DenseNode
            {
                Source = nodes.Count,
                Weights = Constant.S8([Width, Width], weights),
                Bias = Constant.S32([Width], new int[Width]),
                Requantise = Requantise.To(ElementType.S8, [13], new Activation.Clamp(0, 127)),
            });
        }
        return new Graph
        {
            Inputs = [new GraphInput("x", [Width], new InputFormat.U8())],
            Nodes = [.. nodes],
            Outputs = [new GraphOutput { Name = "y", Source = nodes.Count, Kind = OutputKind.Values }],
        };
    }

    private MinedTransaction Register(TestAccount from, Address model, byte[] container, ulong gas = Gas)
    {
        var root = RootOf(container);
        var mined = _chain.Run(_chain.Models(from, RegisterRoot(model, root.Root, root.Proof.ToArray()), gas: gas));
        Assert.True(mined.Success);
        return mined;
    }

    private byte[] Read(byte[] data, Address? contract = null) => _chain.Call(Bob.Address, contract ?? SystemContracts.Models, data).Call.Output.ToArray();

    /// <summary>The small network with another weight, and so of the same architecture.</summary>
    private static byte[] Changed()
    {
        var nodes = SmallNetwork.Model.Graph.Nodes.ToArray();
        var dense = (DenseNode)nodes[3];
        var weights = dense.Weights.ToArray().Select(weight => (sbyte)weight).ToArray();
        (weights[0], weights[1]) = (weights[1], weights[0]);
        Assert.NotEqual(weights[0], weights[1]);
        nodes[3] = new DenseNode { Source = dense.Source, Weights = Constant.S8(dense.Weights.Shape, weights), Bias = dense.Bias, Requantise = dense.Requantise };
        return Container.Encode(new Graph { Inputs = SmallNetwork.Model.Graph.Inputs, Nodes = [.. nodes], Outputs = SmallNetwork.Model.Graph.Outputs });
    }
}
