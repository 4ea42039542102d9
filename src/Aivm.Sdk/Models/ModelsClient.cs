using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What the Models contract knows of a model.</summary>
/// <param name="Name">The local name: the model is called <c>publisher/name</c>.</param>
/// <param name="Price">In wei, of one paid inference.</param>
/// <param name="Gas">Of one run.</param>
/// <param name="LoadGas">Of the first touch in a transaction.</param>
/// <param name="Size">Of the container, in bytes; 0 where the model lies off the chain, as <see cref="OffChainModel"/> says.</param>
/// <param name="Height">The block that published it.</param>
public sealed record ModelInfo(
    Address Address,
    Address Owner,
    Address Publisher,
    Hash256 Hash,
    string Name,
    uint Version,
    string Metadata,
    UInt256 Price,
    ulong Gas,
    ulong LoadGas,
    uint Size,
    ulong Height)
{
    public bool IsOffChain => Size == 0;
}

/// <summary>How far an unfinished upload has come.</summary>
/// <param name="ChunkLength">Of all chunks but the last; 0 before the first.</param>
/// <param name="ExpiresAt">The last block in which it may go on.</param>
public sealed record UploadStatus(uint Size, uint Received, uint ChunkLength, ulong ExpiresAt);

/// <summary>Reads models: costs nothing, needs no key. Publishing and paid inference are in <see cref="ModelPublisher"/> and <see cref="InferenceClient"/>.</summary>
public sealed class ModelsClient(RpcClient rpc)
{
    /// <summary>More than any model gives; the reader checks the count against the data in any case.</summary>
    internal const int MaxOutputs = 1 << 20;

    private const int ListBatch = 100;

    /// <param name="model">An address, or a name: <c>publisher/name</c>, with <c>@n</c> for one of its versions.</param>
    /// <exception cref="AivmException"><c>model-name-invalid</c>; a <see cref="RpcException"/> where no model has the name.</exception>
    public async Task<Address> ResolveAsync(string model, CancellationToken cancellation = default)
    {
        if (Address.TryParse(model, out var address))
            return address;
        if (!model.Contains('/'))
            throw new AivmException(Failure.Input, "model-name-invalid", $"'{model}' is neither an address nor a name of the form publisher/name.");
        var data = await ReadAsync(ModelsInterface.Contract, ModelsInterface.Resolve.BeginCall().WriteString(model).ToArray(), cancellation);
        return ReadAddress(data, ModelsInterface.Resolve);
    }

    /// <summary>The gas of one run, loading apart.</summary>
    public async Task<ulong> GetGasAsync(Address model, CancellationToken cancellation = default)
    {
        var data = await ReadAsync(ModelsInterface.Contract, ModelsInterface.GasOf.BeginCall().WriteAddress(model).ToArray(), cancellation);
        var reader = new AbiReader(data);
        return reader.TryReadUInt64(out var gas) && reader.TryEnd() ? gas : throw Malformed(ModelsInterface.GasOf);
    }

    public async Task<ModelInfo> GetInfoAsync(Address model, CancellationToken cancellation = default) =>
        ReadInfo(model, await ReadAsync(ModelsInterface.Contract, ModelsInterface.Info.BeginCall().WriteAddress(model).ToArray(), cancellation));

    /// <summary>What the account of a model off the chain says.</summary>
    /// <exception cref="AivmException"><c>model-not-off-chain</c>.</exception>
    public async Task<OffChainModel> GetOffChainAsync(Address model, CancellationToken cancellation = default) =>
        OffChainModel.TryDecode(await rpc.GetCodeAsync(model, cancellation), out var found)
            ? found
            : throw new AivmException(Failure.Input, "model-not-off-chain", $"{model.ToChecksumString()} is not the account of a model off the chain.");

    /// <summary>Every model in the order of publication.</summary>
    /// <param name="skip">How many of the oldest to leave out.</param>
    public async Task<IReadOnlyList<Address>> ListAsync(ulong skip = 0, int take = int.MaxValue, CancellationToken cancellation = default)
    {
        var data = await ReadAsync(ModelsInterface.Contract, ModelsInterface.ModelCount.BeginCall().ToArray(), cancellation);
        var reader = new AbiReader(data);
        if (!reader.TryReadUInt64(out var count) || !reader.TryEnd())
            throw Malformed(ModelsInterface.ModelCount);
        var models = new List<Address>();
        var end = skip > count || count - skip <= (ulong)take ? count : skip + (ulong)take;
        for (var next = skip; next < end; next += ListBatch)
        {
            var calls = new List<RpcRequest>();
            for (var index = next; index < Math.Min(next + ListBatch, end); index++)
                calls.Add(RpcClient.EthCall(new CallRequest { To = ModelsInterface.Contract, Data = ModelsInterface.ModelAt.BeginCall().WriteUInt(index).ToArray() }));
            var batch = await rpc.InvokeBatchAsync(calls, cancellation);
            for (var i = 0; i < batch.Count; i++)
                models.Add(ReadAddress(RpcClient.Read(batch[i], EthereumJson.Data), ModelsInterface.ModelAt));
        }
        return models;
    }

    /// <summary>The model's inputs and outputs as JSON.</summary>
    public async Task<string> DescribeAsync(Address model, CancellationToken cancellation = default)
    {
        var data = await ReadAsync(model, ModelsInterface.ModelDescribe.BeginCall().ToArray(), cancellation);
        var reader = new AbiReader(data);
        return reader.TryReadString(out var json) && reader.TryEnd() ? json : throw Malformed(ModelsInterface.ModelDescribe);
    }

    /// <summary>Runs the model in the node alone, by <c>eth_call</c>: nothing is paid and no receipt is made.</summary>
    public async Task<long[]> RunAsync(Address model, ReadOnlyMemory<long> input, CancellationToken cancellation = default) =>
        ReadOutput(await ReadAsync(model, ModelsInterface.ModelInfer.BeginCall().WriteInt64Array(input.Span).ToArray(), cancellation), ModelsInterface.ModelInfer);

    /// <summary>As <see cref="RunAsync"/>, with the input packed in its declared types, little-endian.</summary>
    public async Task<long[]> RunPackedAsync(Address model, ReadOnlyMemory<byte> input, CancellationToken cancellation = default) =>
        ReadOutput(await ReadAsync(model, ModelsInterface.ModelInferPacked.BeginCall().WriteBytes(input.Span).ToArray(), cancellation), ModelsInterface.ModelInferPacked);

    /// <returns>Null when there is no unfinished upload of this hash by this publisher.</returns>
    public async Task<UploadStatus?> GetUploadAsync(Address publisher, Hash256 modelHash, CancellationToken cancellation = default)
    {
        var call = ModelsInterface.Upload.BeginCall().WriteAddress(publisher).WriteHash(modelHash).ToArray();
        var data = await ReadAsync(ModelsInterface.Contract, call, cancellation);
        var reader = new AbiReader(data);
        if (!reader.TryReadUInt32(out var size)
            || !reader.TryReadUInt32(out var received)
            || !reader.TryReadUInt32(out var chunkLength)
            || !reader.TryReadUInt64(out var expiresAt)
            || !reader.TryReadUInt256(out _)
            || !reader.TryEnd())
            throw Malformed(ModelsInterface.Upload);
        return size == 0 ? null : new UploadStatus(size, received, chunkLength, expiresAt);
    }

    /// <summary>Whether this publisher has published this container.</summary>
    public async Task<bool> IsPublishedAsync(Address publisher, Hash256 modelHash, CancellationToken cancellation = default) =>
        (await rpc.GetCodeAsync(ModelsInterface.ModelAddress(publisher, modelHash), cancellation)).Length > 0;

    internal static AivmException Malformed(AbiFunction function) =>
        new(Failure.Environment, "node-answer-invalid", $"The node's answer to {function.Signature} cannot be read: is it an AIVM node of this version?");

    private Task<byte[]> ReadAsync(Address to, byte[] data, CancellationToken cancellation) =>
        rpc.CallAsync(new CallRequest { To = to, Data = data }, cancellation);

    private static Address ReadAddress(byte[] data, AbiFunction function)
    {
        var reader = new AbiReader(data);
        return reader.TryReadAddress(out var address) && reader.TryEnd() ? address : throw Malformed(function);
    }

    private static long[] ReadOutput(byte[] data, AbiFunction function)
    {
        var reader = new AbiReader(data);
        return reader.TryReadInt64Array(MaxOutputs, out var output) && reader.TryEnd() ? output : throw Malformed(function);
    }

    private static ModelInfo ReadInfo(Address model, byte[] data)
    {
        var reader = new AbiReader(data);
        return reader.TryReadAddress(out var owner)
            && reader.TryReadAddress(out var publisher)
            && reader.TryReadHash(out var hash)
            && reader.TryReadString(out var name)
            && reader.TryReadUInt32(out var version)
            && reader.TryReadString(out var metadata)
            && reader.TryReadUInt256(out var price)
            && reader.TryReadUInt64(out var gas)
            && reader.TryReadUInt64(out var loadGas)
            && reader.TryReadUInt32(out var size)
            && reader.TryReadUInt64(out var height)
            && reader.TryEnd()
            ? new ModelInfo(model, owner, publisher, hash, name, version, metadata, price, gas, loadGas, size, height)
            : throw Malformed(ModelsInterface.Info);
    }
}
