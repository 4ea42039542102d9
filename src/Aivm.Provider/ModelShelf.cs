using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>Models from the chain or, where that holds a descriptor alone, from a store; kept on the disk and, within a bound, ready in memory.</summary>
internal sealed class ModelShelf(RpcClient rpc, ProviderFiles files, ProviderOptions options, Action<ProviderEvent> report) : IDisposable
{
    /// <summary>One model is made ready at a time, so that memory is bounded; whoever wants one that is ready does not wait.</summary>
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly SemaphoreSlim _fetching = new(1, 1);
    private readonly Dictionary<ModelKey, IRunnable> _ready = [];
    private readonly LinkedList<ModelKey> _order = [];
    private readonly ModelsClient _models = new(rpc);
    private bool _isDisposed;

    /// <summary>Not where answers are attested: the evidence says nothing of a GPU, which may be anybody's.</summary>
    public bool UsesGpu { get; init; } = true;

    /// <summary>The same bytes may be said to be a container and an ONNX file.</summary>
    private readonly record struct ModelKey(Hash256 Hash, bool IsFloat);

    /// <param name="job">While it lives, the model stays on the disk.</param>
    /// <exception cref="JobRefusal">The model cannot be run here, and why.</exception>
    public async Task<IRunnable> TakeAsync(Address account, ulong job, CancellationToken cancellation)
    {
        var info = await _models.GetInfoAsync(account, cancellation);
        return info.IsOffChain ? await TakeOffChainAsync(account, info, job, cancellation) : await TakeOnChainAsync(account, info, job, cancellation);
    }

    public void Dispose()
    {
        lock (_order)
        {
            _isDisposed = true;
            foreach (var model in _ready.Values)
                (model as IDisposable)?.Dispose();
        }
    }

    private Task<IRunnable> TakeOnChainAsync(Address account, ModelInfo info, ulong job, CancellationToken cancellation)
    {
        RequireFits(info.Size, options.MaxModelBytes);
        files.Need(job, info.Hash);
        return TakeAsync(
            new ModelKey(info.Hash, IsFloat: false),
            async () => files.TryReadModel(info.Hash) is { } kept ? Prepare(kept) : await FetchAsync(account, info, cancellation),
            cancellation);
    }

    private async Task<IRunnable> TakeOffChainAsync(Address account, ModelInfo info, ulong job, CancellationToken cancellation)
    {
        var model = await _models.GetOffChainAsync(account, cancellation);
        if (model.Hash != info.Hash)
            throw Mismatch("the account's code is not the model that was published");
        var isFloat = model.Kind == OffChainKind.Onnx;
        RequireFits(model.Size, isFloat ? options.ModelMemory : options.MaxModelBytes);
        files.Need(job, model.Digest);
        var file = await FetchAsync(model, cancellation);
        var ready = await TakeAsync(
            new ModelKey(model.Hash, isFloat),
            async () => isFloat ? await OpenAsync(model, file, cancellation) : await ReadAsync(model, file, cancellation),
            cancellation);
        // The publisher declared what callers pay by.
        return ready is IntegerModel integers && integers.Model.Gas != model.Gas
            ? throw new JobRefusal("model-gas-wrong", $"a run takes {integers.Model.Gas} gas, and {model.Gas} are declared")
            : ready;
    }

    private async Task<IRunnable> TakeAsync(ModelKey key, Func<Task<IRunnable>> load, CancellationToken cancellation)
    {
        if (Find(key) is { } ready)
            return ready;
        await _loading.WaitAsync(cancellation);
        // A file of strangers may take long to load: whoever stops waiting leaves it to those who come next.
        var loading = Task.Run(
            async () =>
            {
                try
                {
                    return Find(key) ?? Keep(key, await load());
                }
                finally
                {
                    _loading.Release();
                }
            },
            CancellationToken.None);
        return await loading.WaitAsync(cancellation);
    }

    /// <summary>Null where it is not ready.</summary>
    private IRunnable? Find(ModelKey key)
    {
        lock (_order)
        {
            if (!_ready.TryGetValue(key, out var ready))
                return null;
            _order.Remove(key);
            _order.AddLast(key);
            return ready;
        }
    }

    /// <summary>What cannot be run is not kept.</summary>
    private async Task<IRunnable> FetchAsync(Address account, ModelInfo info, CancellationToken cancellation)
    {
        var code = await rpc.GetCodeAsync(account, cancellation);
        if (code is not [0xEF, 0xA1, ..] || Keccak.Hash(code.AsSpan(2)) != info.Hash)
            throw Mismatch("the account's code is not the model that was published");
        var container = code[2..];
        var model = Prepare(container);
        using var room = files.MakeRoom(container.Length);
        files.WriteModel(info.Hash, container);
        return model;
    }

    /// <returns>The file of that digest and size.</returns>
    private async Task<string> FetchAsync(OffChainModel model, CancellationToken cancellation)
    {
        var file = files.ModelFile(model.Digest);
        if (!File.Exists(file))
        {
            await _fetching.WaitAsync(cancellation);
            try
            {
                if (!File.Exists(file))
                    await DownloadAsync(model, file, cancellation);
            }
            finally
            {
                _fetching.Release();
            }
        }
        return new FileInfo(file).Length == model.Size ? file : throw Mismatch("the store has a file of another size than is declared");
    }

    private async Task DownloadAsync(OffChainModel model, string file, CancellationToken cancellation)
    {
        if (options.Content is null)
            throw new JobRefusal("content-unknown", "this provider reaches no store of models");
        using var room = files.MakeRoom(model.Digest, model.Size);
        try
        {
            await options.Content.FetchAsync(model.Digest, file, model.Size, cancellation: cancellation);
        }
        catch (AivmException exception)
        {
            throw exception.Error.Code switch
            {
                "content-mismatch" => Mismatch("the store has other bytes under its digest"),
                "content-too-large" => Mismatch("the store has a file of another size than is declared"),
                var code => new JobRefusal(code, "the model cannot be fetched"),
            };
        }
    }

    private async Task<IRunnable> OpenAsync(OffChainModel model, string file, CancellationToken cancellation)
    {
        if (await OffChainModel.HashAsync(file, cancellation) != model.Hash)
            throw Mismatch("the file of that digest has another hash");
        var opened = FloatModel.Load(file, model.Hash, options, UsesGpu);
        report(new ProviderEvent(ProviderEventKind.ModelOpened, 0, $"{model.Hash}, ONNX Runtime on {opened.Device}"));
        return opened;
    }

    private async Task<IRunnable> ReadAsync(OffChainModel model, string file, CancellationToken cancellation)
    {
        var container = await File.ReadAllBytesAsync(file, cancellation);
        return Keccak.Hash(container) == model.Hash ? Prepare(container) : throw Mismatch("the file of that digest has another hash");
    }

    private IRunnable Prepare(byte[] container)
    {
        if (PrivateModel.Is(container))
            return options.Private.FirstOrDefault(weights => weights.Container.AsSpan().SequenceEqual(container)) is { } own
                ? new OwnedModel(own)
                : throw new JobRefusal("model-private", "only its owner can run a model with private weights");
        return Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error)
            ? new IntegerModel(model, container)
            : throw new JobRefusal(error.Code, error.Message);
    }

    private IRunnable Keep(ModelKey key, IRunnable model)
    {
        lock (_order)
        {
            if (_isDisposed)
            {
                (model as IDisposable)?.Dispose();
                throw new ObjectDisposedException(nameof(ModelShelf));
            }
            _ready.Add(key, model);
            _order.AddLast(key);
            while (_order.Count > 1 && _ready.Values.Sum(item => item.ResidentMemory) > options.ModelMemory)
            {
                _ready.Remove(_order.First!.Value, out var evicted);
                _order.RemoveFirst();
                (evicted as IDisposable)?.Dispose();
            }
        }
        return model;
    }

    private static void RequireFits(long size, long limit)
    {
        if (size > limit)
            throw new JobRefusal("model-too-large", $"a model like this has at most {limit} bytes here");
    }

    private static JobRefusal Mismatch(string reason) => new("model-mismatch", reason);
}
