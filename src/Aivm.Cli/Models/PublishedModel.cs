using Aivm.Cli.Accounts;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Sdk;

namespace Aivm.Cli.Models;

/// <summary>Models as they are published: on the chain, or described there and kept in a store.</summary>
internal static class PublishedModel
{
    /// <summary>Checked against the chain's hash, so that inputs are encoded, and answers read, by the very model that runs.</summary>
    public static async Task<(IPublishedModel Model, bool IsOffChain)> FetchAsync(RpcClient client, Address address, IContentStore store, CancellationToken cancellation)
    {
        var code = await client.GetCodeAsync(address, cancellation);
        if (OffChainModel.TryDecode(code, out var description))
            return (await FetchAsync(description, store, cancellation), IsOffChain: true);
        if (code is not [0xEF, 0xA1, ..])
            throw new AivmException(Failure.Input, "model-not-found", $"{address.ToChecksumString()} is not a model's account.");
        var (container, name) = (code[2..], address.ToChecksumString());
        return (PrivateModel.Is(container) ? PublishedArchitecture.Read(container, name) : new PublishedContainer(ModelFile.Load(container, name)), IsOffChain: false);
    }

    /// <summary>What a registry gives is kept in this user's folder, where there is one: the next call finds it there.</summary>
    private static async Task<IPublishedModel> FetchAsync(OffChainModel description, IContentStore store, CancellationToken cancellation)
    {
        var limit = description.Kind == OffChainKind.Onnx ? PublishedOnnx.MaxFileBytes : ModelLimits.OffChain.ContainerBytes;
        var maxSize = Math.Min(description.Size, limit);
        if (store is not FolderStore && Directory.Exists(AccountHome.Content))
        {
            var kept = await new FolderStore(AccountHome.Content).KeepAsync(description.Digest, store, maxSize, cancellation: cancellation);
            return await ReadAsync(kept, description, cancellation);
        }
        var directory = Directory.CreateTempSubdirectory("aivm-model-");
        try
        {
            var file = Path.Combine(directory.FullName, "model");
            await store.FetchAsync(description.Digest, file, maxSize, cancellation: cancellation);
            return await ReadAsync(file, description, cancellation);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<IPublishedModel> ReadAsync(string file, OffChainModel description, CancellationToken cancellation)
    {
        var hash = await OffChainModel.HashAsync(file, cancellation);
        return hash == description.Hash
            ? Read(new FileInfo(file), description)
            : throw new AivmException(Failure.Check, "model-mismatch", $"The stored file of {description.Digest} is not the model that was published: it has the hash {hash}.");
    }

    private static IPublishedModel Read(FileInfo file, OffChainModel description)
    {
        if (description.Kind == OffChainKind.Container)
            return new PublishedContainer(ModelFile.Load(file));
        // It may have gigabytes of weights, which are not read.
        using var stream = file.OpenRead();
        return PublishedOnnx.Read(stream, description.Hash);
    }
}
