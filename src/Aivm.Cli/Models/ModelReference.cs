using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Models;

/// <summary>How a person names a model of the chain: an address, <c>publisher/name</c>, or a bare name when it is unmistakable.</summary>
internal static class ModelReference
{
    /// <exception cref="AivmException"><c>model-not-found</c>, <c>model-ambiguous</c>.</exception>
    public static async Task<Address> ResolveAsync(RpcClient rpc, string model, CancellationToken cancellation)
    {
        var models = new ModelsClient(rpc);
        if (model.Contains('/') || Address.TryParse(model, out _))
            return await models.ResolveAsync(model, cancellation);

        var wanted = model.Split('@')[0];
        var publishers = new SortedSet<Address>();
        foreach (var address in await models.ListAsync(cancellation: cancellation))
        {
            var info = await models.GetInfoAsync(address, cancellation);
            if (info.Name == wanted)
                publishers.Add(info.Publisher);
        }
        return publishers.Count switch
        {
            1 => await models.ResolveAsync($"{publishers.Min}/{model}", cancellation),
            0 => throw new AivmException(Failure.Input, "model-not-found", $"No model of this chain is called '{model}': see 'aivm model list'."),
            _ => throw new AivmException(Failure.Input, "model-ambiguous", $"{publishers.Count} publishers have a model called '{model}': say publisher/{model}."),
        };
    }
}
