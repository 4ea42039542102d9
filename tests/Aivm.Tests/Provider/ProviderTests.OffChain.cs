using System.Net;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Provider;
using Aivm.Sdk;
using Aivm.Tests.Proofs;
using Aivm.Tests.Sdk.Content;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Aivm.Tests.Provider;

/// <summary>Models that the chain describes and a store holds.</summary>
public sealed partial class ProviderTests
{
    private static readonly string ImageClassifier = Path.Combine(Repository.Root, "samples", "image-classifier", "model.onnx");

    private FolderStore Store => new(Path.Combine(_home.FullName, "content"));

    [Fact]
    public async Task An_ONNX_file_from_a_store_gives_what_ONNX_Runtime_gives()
    {
        var model = await PublishAsync(OffChainKind.Onnx, ImageClassifier, gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var session = new InferenceSession(ImageClassifier, new SessionOptions { IntraOpNumThreads = 1 });
        var (input, expected) = RunImage(session);
        var answer = await AnswerAsync(await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), input)));
        Assert.Equal(expected, OutputNumbers.Unpack(answer.Output));
        Assert.Equal(((byte)JobEvidence.DevelopmentAttested, model), (answer.Receipt.EvidenceKind, answer.Receipt.Model));
        Assert.Equal(await OffChainModel.HashAsync(ImageClassifier, Cancellation), answer.Receipt.ModelHash);
        await HappensAsync(item => item.Kind == ProviderEventKind.ModelOpened && item.Message.EndsWith("CPU", StringComparison.Ordinal));

        // Its answers are no watcher's business: nobody could challenge them.
        using var watcher = new AnswerWatcher(
            new Wallet(_rpc, DevChain.Accounts[2].Key.Span), new ProviderOptions { Directory = Path.Combine(_home.FullName, "watcher") }, fraction: 1, seed: 0);
        var watched = await watcher.WatchAsync(0, await _rpc.GetBlockNumberAsync(Cancellation), Cancellation);
        Assert.Equal((0, 1), (watched.Checked, watched.Skipped));
    }

    [Fact]
    public async Task A_container_from_a_store_gives_the_engines_bytes_to_a_sealed_input_too()
    {
        var model = await PublishAsync(OffChainKind.Container, FileOf(SmallNetwork.Container), SmallNetwork.Model.Gas);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        var input = Packed(SmallNetwork.Input(5));
        var answer = await AnswerAsync(await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), input)));
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(5)), OutputNumbers.Unpack(answer.Output));

        var keys = await new AttestationsClient(_caller).GetSessionAsync(Provider, Cancellation);
        using var reply = EncryptionKey.Generate();
        Assert.True(SealedInput.TrySeal(
            new InputBinding(DevChain.ChainId, Provider, Keccak.Hash(SmallNetwork.Container), _caller.Address),
            keys!.EncryptionKey.Span, reply.PublicKey.Span, input, out var sealedInput, out var error), error?.ToString());
        var job = await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), sealedInput.Bytes)
        {
            Provider = Provider,
            InputKind = JobInputKind.Sealed,
            Commitment = sealedInput.Commitment,
        });
        answer = await AnswerAsync(job);
        Assert.True(SealedOutput.TryOpen(reply, DevChain.ChainId, job, answer.Receipt.OutputHash, answer.Output, out var outputs, out error), error?.ToString());
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(5)), outputs);
    }

    public static TheoryData<string> BadModels => [.. Bad.Keys];

    private static readonly Dictionary<string, (Func<OffChainModel, OffChainModel> Change, Action<string> Damage, string Reason)> Bad = new()
    {
        ["a store without it"] = (model => model, File.Delete, "content-missing"),
        ["a store that lies"] = (model => model, blob => File.WriteAllBytes(blob, [.. File.ReadAllBytes(blob).Reverse()]), "model-mismatch"),
        ["a file larger than said"] = (model => model with { Size = model.Size - 1 }, _ => { }, "model-mismatch"),
        ["a file smaller than said"] = (model => model with { Size = model.Size + 1 }, _ => { }, "model-mismatch"),
        ["a file of another hash"] = (model => model with { Hash = Keccak.Hash("x"u8) }, _ => { }, "model-mismatch"),
        ["more than the memory for models"] = (model => model with { Size = 1L << 39 }, _ => { }, "model-too-large"),
        ["gas that is not its own"] = (model => model with { Gas = model.Gas + 1 }, _ => { }, "model-gas-wrong"),
        ["a container that is called ONNX"] = (model => model with { Kind = OffChainKind.Onnx }, _ => { }, "onnx-unsupported"),
    };

    [Theory]
    [MemberData(nameof(BadModels))]
    public async Task A_model_that_is_not_as_the_chain_describes_it_is_declined_by_name(string name)
    {
        var (change, damage, reason) = Bad[name];
        var right = await OffChainModel.OfFileAsync(OffChainKind.Container, FileOf(SmallNetwork.Container), SmallNetwork.Model.Gas, Cancellation);
        var model = await PublishAsync(change(right), FileOf(SmallNetwork.Container));
        Assert.True(Store.TryFind(right.Digest, out var blob));
        damage(blob);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        var input = Packed(SmallNetwork.Input(5));
        var job = await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), input));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Job == job && item.Message.StartsWith(reason + ":", StringComparison.Ordinal));
        Assert.DoesNotContain(_events, item => item.Kind == ProviderEventKind.Accepted);
    }

    /// <summary>An offer that passes in silence costs the stake: a model that was made to run for ever must not bring that about.</summary>
    [Fact]
    public async Task A_model_that_runs_for_ever_is_declined_before_its_offer_passes_in_silence()
    {
        var model = await PublishAsync(OffChainKind.Onnx, FileOf(FloatModelTests.Endless().Write()), gas: 1000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        var before = await new ComputeClient(_rpc).FindProviderAsync(Provider, Cancellation);
        var job = await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), new byte[16]));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Job == job && item.Message.StartsWith("run-too-long:", StringComparison.Ordinal));
        Assert.Equal(before, await new ComputeClient(_rpc).FindProviderAsync(Provider, Cancellation));
        Assert.Equal(0u, (await new ComputeClient(_rpc).GetRecordAsync(Provider, Cancellation)).Missed);
        await IdleAsync();
        await AnswerAsync(await RequestAsync(new JobRequest(_model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), Packed(SmallNetwork.Input(5)))));
    }

    [Fact]
    public async Task A_provider_without_a_store_declines_models_of_stores()
    {
        var model = await PublishAsync(OffChainKind.Onnx, ImageClassifier, gas: 1000);
        await ServeAsync(JobEvidence.DevelopmentAttested);
        var job = await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), new byte[1]));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Job == job && item.Message.StartsWith("content-unknown:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_registry_that_stalls_has_the_job_declined_and_the_next_one_goes_on_there()
    {
        var bytes = SmallNetwork.Container;
        var half = bytes.Length / 2;
        var stalls = true;
        var registry = new StubRegistry(request =>
        {
            if (!stalls)
                return StubRegistry.Serve(request, bytes);
            stalls = false;
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BrokenBody(bytes[..half], isSilent: true)) };
        });
        var model = await PublishAsync(OffChainKind.Container, FileOf(bytes), SmallNetwork.Model.Gas);
        using var store = registry.Store(StubRegistry.Hasty with { StallTimeout = TimeSpan.FromMinutes(5) });
        await ServeAsync(JobEvidence.DevelopmentAttested, store);
        var input = Packed(SmallNetwork.Input(5));
        var job = await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), input));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Job == job && item.Message.StartsWith("content-slow:", StringComparison.Ordinal));
        await IdleAsync();

        var answer = await AnswerAsync(await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), input)));
        Assert.Equal(SmallNetwork.Run(SmallNetwork.Input(5)), OutputNumbers.Unpack(answer.Output));
        Assert.Equal([null, half], registry.Requests.Select(request => request.From));
    }

    [Fact]
    public async Task A_model_that_the_disk_cannot_hold_is_declined()
    {
        var model = await PublishAsync(OffChainKind.Container, FileOf(SmallNetwork.Container), SmallNetwork.Model.Gas);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store, diskBytes: SmallNetwork.Container.Length - 1);
        var job = await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), Packed(SmallNetwork.Input(5))));
        Assert.Equal(JobEnd.NoProvider, (await EndAsync(job)).End);
        await HappensAsync(item => item.Kind == ProviderEventKind.Declined && item.Job == job && item.Message.StartsWith("disk-full:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Models_that_do_not_fit_onto_the_disk_together_take_turns()
    {
        var stored = await PublishAsync(OffChainKind.Container, FileOf(SmallNetwork.Container), SmallNetwork.Model.Gas);
        var floats = await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store, diskBytes: Math.Max(SmallNetwork.Container.Length, Floats.Length) + 100);
        foreach (var (model, input) in ((Address, byte[])[])[(stored, Packed(SmallNetwork.Input(5))), (floats, new byte[32]), (stored, Packed(SmallNetwork.Input(6)))])
        {
            await AnswerAsync(await RequestAsync(new JobRequest(model, JobEvidence.DevelopmentAttested, await DeadlineAsync(), input)));
            await IdleAsync();
            Assert.Single(Directory.EnumerateFiles(Path.Combine(_home.FullName, "provider", "models"), "*", SearchOption.AllDirectories));
        }
    }

    [Fact]
    public async Task Models_that_do_not_fit_into_memory_together_take_turns()
    {
        var first = await PublishAsync(OffChainKind.Onnx, ImageClassifier, gas: 1000);
        var other = FileOf([.. File.ReadAllBytes(ImageClassifier), 0x12, 0x01, (byte)'x']);
        var second = await PublishAsync(OffChainKind.Onnx, other, gas: 1000);
        using var shelf = new ModelShelf(
            _rpc, new ProviderFiles(Path.Combine(_home.FullName, "provider"), 1L << 30),
            new ProviderOptions { Directory = _home.FullName, Content = Store, ModelMemory = new FileInfo(other).Length + 10, FloatThreads = 1 }, _events.Enqueue);
        using var session = new InferenceSession(ImageClassifier, new SessionOptions { IntraOpNumThreads = 1 });
        var (input, expected) = RunImage(session);
        foreach (var model in (Address[])[first, first, second, first])
            Assert.Equal(expected, (await shelf.TakeAsync(model, job: 1, CancellationToken.None)).Run(input, Cancellation));
        Assert.Equal(3, _events.Count(item => item.Kind == ProviderEventKind.ModelOpened));
    }

    [Fact]
    public async Task A_model_that_is_ready_waits_for_no_other_that_is_still_on_its_way()
    {
        var ready = await PublishAsync(OffChainKind.Container, FileOf(SmallNetwork.Container), SmallNetwork.Model.Gas);
        var slow = await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1000);
        var store = new StallingStore(Store) { Stalls = ContentDigest.Of(Floats) };
        using var shelf = new ModelShelf(
            _rpc, new ProviderFiles(Path.Combine(_home.FullName, "provider"), 1L << 30), new ProviderOptions { Directory = _home.FullName, Content = store }, _events.Enqueue);
        await shelf.TakeAsync(ready, job: 1, Cancellation);
        var waiting = shelf.TakeAsync(slow, job: 2, Cancellation);
        await store.HasBegun.WaitAsync(Cancellation);

        Assert.NotNull(await shelf.TakeAsync(ready, job: 3, Cancellation).WaitAsync(TimeSpan.FromMinutes(1), Cancellation));

        Assert.False(waiting.IsCompleted);
        store.GoOn();
        Assert.NotNull(await waiting);
    }

    /// <summary>Holds one transfer up until it is told to go on.</summary>
    private sealed class StallingStore(IContentStore inner) : IContentStore
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ContentDigest Stalls { get; init; }

        public Task HasBegun => _begun.Task;

        public void GoOn() => _goOn.SetResult();

        public Task<bool> ContainsAsync(ContentDigest digest, CancellationToken cancellation = default) => inner.ContainsAsync(digest, cancellation);

        public Task<ContentDescriptor> AddAsync(string file, IProgress<long>? progress = null, CancellationToken cancellation = default) =>
            inner.AddAsync(file, progress, cancellation);

        public async Task FetchAsync(ContentDigest digest, string file, long maxSize, IProgress<long>? progress = null, CancellationToken cancellation = default)
        {
            if (digest == Stalls)
            {
                _begun.SetResult();
                await _goOn.Task.WaitAsync(cancellation);
            }
            await inner.FetchAsync(digest, file, maxSize, progress, cancellation);
        }
    }

    private static (byte[] Input, long[] Expected) RunImage(InferenceSession session)
    {
        var name = Assert.Single(session.InputNames);
        var metadata = session.InputMetadata[name];
        var numbers = new float[metadata.Dimensions.Aggregate(1, (product, extent) => product * extent)];
        var random = new Random(1);
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = random.NextSingle();
        using var results = session.Run([NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(numbers, metadata.Dimensions))]);
        var expected = results.SelectMany(result => result.ElementType == TensorElementType.Int64
            ? result.AsEnumerable<long>()
            : result.AsEnumerable<float>().Select(value => (long)BitConverter.SingleToUInt32Bits(value)));
        return ([.. numbers.SelectMany(BitConverter.GetBytes)], [.. expected]);
    }

    private string FileOf(byte[] bytes)
    {
        var file = Path.Combine(_home.FullName, "model");
        File.WriteAllBytes(file, bytes);
        return file;
    }

    private async Task<Address> PublishAsync(OffChainKind kind, string file, ulong gas) => await PublishAsync(await OffChainModel.OfFileAsync(kind, file, gas), file);

    private async Task<Address> PublishAsync(OffChainModel model, string file)
    {
        await Store.AddAsync(file);
        // The caller has published the same container on the chain.
        var publisher = new ModelPublisher(new Wallet(_rpc, DevChain.Accounts[2].Key.Span));
        var release = new OffChainRelease(model, "off-chain");
        var quote = await publisher.EstimateOffChainAsync(release);
        var published = await publisher.PublishOffChainAsync(release);
        Assert.True(published.GasUsed <= quote.Gas);
        Assert.Equal(model, await new ModelsClient(_rpc).GetOffChainAsync(published.Model));
        return published.Model;
    }
}
