using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// What an input is sealed for: this chain, this provider's enclave, this model, this caller's job. It opens for no other: who copies it from the chain
/// cannot have it run by a model of his own.
/// </summary>
/// <param name="ModelHash">Of the model's container.</param>
/// <param name="Caller">Who requests the job.</param>
public sealed record InputBinding(ulong ChainId, Address Provider, Hash256 ModelHash, Address Caller);
