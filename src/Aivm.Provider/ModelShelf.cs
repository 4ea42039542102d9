using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>A model that is ready to run.</summary>
/// <param name="Container">Its bytes, for whoever proves.</param>
internal sealed record ShelvedModel(Model Model, byte[] Container);

/// <summary>Models from the chain, kept on the disk by hash and, within a bound, prepared in memory.</summary>
internal sealed class ModelShelf(RpcClient rpc, ProviderFiles files, ProviderOptions options)
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<Hash256, ShelvedModel> _ready = [];
    private readonly LinkedList<Hash256> _order = [];
    private readonly ModelsClient _models = new(rpc);

    /// <exception cref="JobRefusal">The model cannot be run here, and why.</exception>
    public async Task<ShelvedModel> TakeAsync(Address account, CancellationToken cancellation)
    {
        var info = await _models.GetInfoAsync(account, cancellation);
        if (info.Size > options.MaxModelBytes)
            throw new JobRefusal("model-too-large", $"a model has at most {options.MaxModelBytes} bytes here");
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_ready.TryGetValue(info.Hash, out var ready))
            {
                _order.Remove(info.Hash);
                _order.AddLast(info.Hash);
                return ready;
            }
            var container = files.TryReadModel(info.Hash) ?? await FetchAsync(account, info, cancellation);
            return Keep(info.Hash, Prepare(container));
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<byte[]> FetchAsync(Address account, ModelInfo info, CancellationToken cancellation)
    {
        var code = await rpc.GetCodeAsync(account, cancellation);
        if (code is not [0xEF, 0xA1, ..] || Keccak.Hash(code.AsSpan(2)) != info.Hash)
            throw new JobRefusal("model-mismatch", "the account's code is not the model that was published");
        var container = code[2..];
        files.RequireRoom(container.Length);
        files.WriteModel(info.Hash, container);
        return container;
    }

    private static ShelvedModel Prepare(byte[] container)
    {
        if (PrivateModel.Is(container))
            throw new JobRefusal("model-private", "only its owner can run a model with private weights");
        return Model.TryLoad(container, ModelLimits.OffChain, out var model, out var error)
            ? new ShelvedModel(model, container)
            : throw new JobRefusal(error.Code, error.Message);
    }

    private ShelvedModel Keep(Hash256 hash, ShelvedModel model)
    {
        _ready.Add(hash, model);
        _order.AddLast(hash);
        while (_order.Count > 1 && _ready.Values.Sum(item => item.Model.ResidentMemory) > options.ModelMemory)
        {
            _ready.Remove(_order.First!.Value);
            _order.RemoveFirst();
        }
        return model;
    }
}
