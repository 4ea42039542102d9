using System.Buffers.Binary;
using System.Text.Json;
using Aivm.Inference;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Inference;

namespace Aivm.Tests.Sdk;

/// <summary>The SDK against a development node in this process.</summary>
public sealed class ModelPublishingTests : IAsyncLifetime
{
    private static readonly ModelRelease Small = new(Dense(inputs: 4, outputs: 2), "small", """{"about":"a test"}""", Price: 1_000_000);

    private AivmNode _node = null!;
    private RpcClient _rpc = null!;
    private Wallet _publisher = null!;
    private Wallet _customer = null!;
    private ModelsClient _models = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await AivmNode.StartAsync(new NodeOptions { Port = 0 }, Cancellation);
        _rpc = new RpcClient(_node.Url);
        _publisher = new Wallet(_rpc, HdWallet.DeriveKey(DevChain.Mnemonic, 0));
        _customer = new Wallet(_rpc, HdWallet.DeriveKey(DevChain.Mnemonic, 1));
        _models = new ModelsClient(_rpc);
    }

    public async ValueTask DisposeAsync()
    {
        _rpc.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_published_model_is_found_described_and_run()
    {
        var published = await new ModelPublisher(_publisher).PublishAsync(Small, cancellation: Cancellation);
        Assert.Equal(ModelsInterface.ModelAddress(_publisher.Address, Small.Hash), published.Model);
        Assert.Equal((1U, "small"), (published.Version, published.Name));

        Assert.Equal(published.Model, await _models.ResolveAsync($"{_publisher.Address}/small", Cancellation));
        Assert.Equal(published.Model, await _models.ResolveAsync(published.Model.ToChecksumString(), Cancellation));
        Assert.Equal([published.Model], await _models.ListAsync(cancellation: Cancellation));
        Assert.Equal(published.Gas, await _models.GetGasAsync(published.Model, Cancellation));
        var info = await _models.GetInfoAsync(published.Model, Cancellation);
        Assert.Equal((Small.Hash, Small.Metadata, Small.Price, published.Gas), (info.Hash, info.Metadata, info.Price, info.Gas));
        Assert.Equal((_publisher.Address, (uint)Small.Container.Length, published.Height), (info.Owner, info.Size, info.Height));
        using var description = JsonDocument.Parse(await _models.DescribeAsync(published.Model, Cancellation));
        Assert.Equal(JsonValueKind.Object, description.RootElement.ValueKind);

        long[] input = [10, -20, 30, 7];
        var expected = Run(Small, input);
        Assert.Equal(expected, await _models.RunAsync(published.Model, input, Cancellation));
        Assert.Equal(expected, await _models.RunPackedAsync(published.Model, Pack(input), Cancellation));
    }

    [Fact]
    public async Task A_paid_inference_leaves_a_receipt_that_vouches_for_it()
    {
        var model = (await new ModelPublisher(_publisher).PublishAsync(Small, cancellation: Cancellation)).Model;
        var inference = new InferenceClient(_customer);
        var input = Pack(1, 2, 3, 4);
        var quote = await inference.QuoteAsync(model, input, Cancellation);
        Assert.Equal(Small.Price, quote.Price);
        var (ownerBefore, customerBefore) = (await _publisher.GetBalanceAsync(Cancellation), await _customer.GetBalanceAsync(Cancellation));

        var result = await inference.InferAsync(model, input, quote, Cancellation);
        Assert.Equal(Run(Small, 1, 2, 3, 4), result.Output);
        Assert.True(result.Receipt.IsFor(input));
        Assert.False(result.Receipt.IsFor(Pack(1, 2, 3, 5)));
        Assert.False(result.Receipt.VouchesFor([.. result.Output, 0]));
        Assert.Equal((model, Small.Hash, _customer.Address), (result.Receipt.Model, result.Receipt.ModelHash, result.Receipt.Payer));
        Assert.Equal((DevChain.ChainId, result.Transaction.BlockNumber), (result.Receipt.ChainId, result.Receipt.Height));
        Assert.Equal([(_publisher.Address, Small.Price)], result.Receipt.Shares);
        Assert.Equal(ownerBefore + Small.Price, await _publisher.GetBalanceAsync(Cancellation));
        Assert.Equal(customerBefore - Small.Price - result.Transaction.Fee, await _customer.GetBalanceAsync(Cancellation));
        Assert.True(result.Transaction.GasUsed <= quote.Gas);
    }

    [Fact]
    public async Task Inferences_may_be_sent_without_waiting_for_each()
    {
        var model = (await new ModelPublisher(_publisher).PublishAsync(Small, cancellation: Cancellation)).Model;
        var inference = new InferenceClient(_customer);
        var quote = await inference.QuoteAsync(model, Pack(0, 0, 0, 0), Cancellation);
        var sent = new List<Transaction>();
        for (var i = 0; i < 12; i++)
            sent.Add(await inference.SendAsync(model, Pack(i, -i, 2 * i, 5), quote, Cancellation));
        for (var i = 0; i < sent.Count; i++)
            Assert.Equal(Run(Small, i, -i, 2 * i, 5), InferenceClient.ReadResult(await _customer.WaitAsync(sent[i], Cancellation)).Output);
    }

    [Fact]
    public async Task A_large_model_goes_up_in_chunks_for_no_more_than_was_quoted()
    {
        var release = new ModelRelease(Dense(inputs: 1000, outputs: 600), "large");
        Assert.InRange(release.Container.Length, 2 * ModelsInterface.MaxChunkLength, 3 * ModelsInterface.MaxChunkLength);
        var publisher = new ModelPublisher(_publisher);
        var quote = await publisher.EstimateAsync(release, Cancellation);
        Assert.Equal(5, quote.Transactions);
        Assert.Equal(new UInt256(1_000_000_000) * (ulong)release.Container.Length, quote.Deposit);
        var before = await _publisher.GetBalanceAsync(Cancellation);

        var progress = new Collected();
        var published = await publisher.PublishAsync(release, progress, Cancellation);
        Assert.True(published.GasUsed <= quote.Gas, $"{published.GasUsed} gas, {quote.Gas} were quoted");
        Assert.True(published.Fee <= quote.Total);
        // The deposit has come back.
        Assert.Equal(before - published.Fee, await _publisher.GetBalanceAsync(Cancellation));
        Assert.Equal(0, progress.Reports[0].Uploaded);
        Assert.Equal(release.Container.Length, progress.Reports[^1].Uploaded);

        var input = Enumerable.Range(0, 1000).Select(i => (long)((i % 200) - 100)).ToArray();
        Assert.Equal(Run(release, input), await _models.RunAsync(published.Model, input, Cancellation));
    }

    [Fact]
    public async Task Chunks_do_not_wait_for_each_other_where_blocks_are_mined_at_intervals()
    {
        await using var node = await AivmNode.StartAsync(new NodeOptions { Port = 0, BlockTime = TimeSpan.FromMilliseconds(100) }, Cancellation);
        using var rpc = new RpcClient(node.Url);
        var wallet = new Wallet(rpc, HdWallet.DeriveKey(DevChain.Mnemonic, 2));
        var release = new ModelRelease(Dense(inputs: 1000, outputs: 600), "large");
        var published = await new ModelPublisher(wallet).PublishAsync(release, cancellation: Cancellation);
        Assert.Equal(release.Hash, (await new ModelsClient(rpc).GetInfoAsync(published.Model, Cancellation)).Hash);
    }

    [Fact]
    public async Task An_interrupted_upload_goes_on_where_it_stopped()
    {
        var release = new ModelRelease(Dense(inputs: 500, outputs: 600), "interrupted");
        const int Length = 100_000;
        await SendAsync(
            ModelsInterface.Begin.BeginCall().WriteHash(release.Hash).WriteUInt((ulong)release.Container.Length).ToArray(),
            new UInt256(1_000_000_000) * (ulong)release.Container.Length);
        await SendAsync(ModelsInterface.Chunk.BeginCall().WriteHash(release.Hash).WriteUInt(0).WriteBytes(release.Container.Span[..Length]).ToArray());
        var status = await _models.GetUploadAsync(_publisher.Address, release.Hash, Cancellation);
        Assert.Equal(((uint)Length, (uint)Length), (status!.Received, status.ChunkLength));

        var publisher = new ModelPublisher(_publisher);
        var quote = await publisher.EstimateAsync(release, Cancellation);
        Assert.Equal(UInt256.Zero, quote.Deposit);
        Assert.Equal((release.Container.Length + Length - 1) / Length, quote.Transactions);
        var progress = new Collected();
        var published = await publisher.PublishAsync(release, progress, Cancellation);
        Assert.Equal(Length, progress.Reports[0].Uploaded);
        Assert.Equal(published.Model, await _models.ResolveAsync($"{_publisher.Address}/interrupted", Cancellation));
        Assert.Null(await _models.GetUploadAsync(_publisher.Address, release.Hash, Cancellation));

        Task<TransactionReceipt> SendAsync(byte[] call, UInt256 value = default) =>
            _publisher.SendAndWaitAsync(new TransactionRequest { To = ModelsInterface.Contract, Data = call, Value = value }, Cancellation);
    }

    [Fact]
    public async Task What_cannot_be_published_is_refused_before_anything_is_paid()
    {
        var publisher = new ModelPublisher(_publisher);
        await publisher.PublishAsync(Small, cancellation: Cancellation);
        var before = await _publisher.GetBalanceAsync(Cancellation);
        await AssertRefused("model-already-published", Small);
        await AssertRefused("model-invalid", new ModelRelease(Array.Empty<byte>(), "empty"));
        await AssertRefused("model-invalid", new ModelRelease(new byte[ModelsInterface.MaxContainerLength + 1], "huge"));
        await AssertRefused("model-invalid", new ModelRelease(new byte[1], "Capital"));
        await AssertRefused("model-invalid", new ModelRelease(new byte[1], "-dash"));
        await AssertRefused("model-invalid", new ModelRelease(new byte[1], ""));
        await AssertRefused("model-invalid", new ModelRelease(new byte[1], "long-metadata", new string('x', ModelsInterface.MaxMetadataLength + 1)));
        Assert.Equal(before, await _publisher.GetBalanceAsync(Cancellation));

        async Task AssertRefused(string code, ModelRelease release)
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<AivmException>(() => publisher.EstimateAsync(release, Cancellation))).Error.Code);
            Assert.Equal(code, (await Assert.ThrowsAsync<AivmException>(() => publisher.PublishAsync(release, cancellation: Cancellation))).Error.Code);
        }
    }

    [Fact]
    public async Task What_is_no_container_is_refused_by_the_seal_with_its_reason()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(
            () => new ModelPublisher(_publisher).PublishAsync(new ModelRelease(new byte[100], "noise"), cancellation: Cancellation));
        Assert.Contains("InvalidModel", refused.Message);
    }

    [Fact]
    public async Task A_wrong_input_or_model_is_refused_by_the_quote()
    {
        var model = (await new ModelPublisher(_publisher).PublishAsync(Small, cancellation: Cancellation)).Model;
        var inference = new InferenceClient(_customer);
        Assert.Contains("InvalidInput", (await Assert.ThrowsAsync<RpcException>(() => inference.QuoteAsync(model, new byte[3], Cancellation))).Message);
        Assert.Contains("NotAModel", (await Assert.ThrowsAsync<RpcException>(() => inference.QuoteAsync(Address.Zero, new byte[3], Cancellation))).Message);
        Assert.Contains("ModelNotFound", (await Assert.ThrowsAsync<RpcException>(() => _models.ResolveAsync($"{_publisher.Address}/nothing", Cancellation))).Message);
        Assert.Equal("model-name-invalid", (await Assert.ThrowsAsync<AivmException>(() => _models.ResolveAsync("nothing", Cancellation))).Error.Code);
    }

    private static byte[] Dense(int inputs, int outputs)
    {
        var random = new Random(inputs);
        var weights = new sbyte[inputs * outputs];
        foreach (ref var weight in weights.AsSpan())
            weight = (sbyte)random.Next(-127, 128);
        return Container.Encode(Graphs.OfS8([inputs], source => new DenseNode
        {
            Source = source,
            Weights = Constant.S8([outputs, inputs], weights),
            Bias = Constant.S32([outputs], new int[outputs]),
            Requantise = Requantise.To(ElementType.S8, [.. Enumerable.Repeat((byte)8, outputs)], new Activation.Clamp(-127, 127)),
        }));
    }

    private static long[] Run(ModelRelease release, params long[] input)
    {
        Assert.True(Model.TryLoad(release.Container.Span, out var model, out var error), error?.ToString());
        var output = new long[model.OutputCount];
        Assert.True(model.TryRun(input, output, out error), error?.ToString());
        return output;
    }

    private static byte[] Pack(params long[] input)
    {
        var packed = new byte[sizeof(long) * input.Length];
        for (var i = 0; i < input.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(packed.AsSpan(sizeof(long) * i), input[i]);
        return packed;
    }

    private sealed class Collected : IProgress<PublishProgress>
    {
        public List<PublishProgress> Reports { get; } = [];

        public void Report(PublishProgress value) => Reports.Add(value);
    }
}
