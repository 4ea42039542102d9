using Aivm.Cli.Models;
using Aivm.Primitives;

namespace Aivm.Cli.Inference;

/// <summary>What <c>aivm infer</c> was asked for, whatever the path.</summary>
/// <param name="Inputs">Packed, row after row.</param>
/// <param name="IsOffChain">The chain holds the model's description alone.</param>
/// <param name="MaxPrice">Wei for one inference with its gas; null: whatever the quote says.</param>
internal sealed record InferenceRequest(
    Address Account, IPublishedModel Model, bool IsOffChain, IReadOnlyList<byte[]> Inputs, UInt256? MaxPrice, bool Yes)
{
    public string Count => $"{Inputs.Count} {(Inputs.Count == 1 ? "inference" : "inferences")}";

    /// <exception cref="AivmException"><c>price-too-high</c>.</exception>
    public void RequireBelowMaxPrice(UInt256 total)
    {
        if (total > MaxPrice)
            throw new AivmException(
                Failure.Check, "price-too-high",
                $"One inference costs up to {Output.Coins.Format(total)} coins, more than {Output.Coins.Format(MaxPrice.Value)}: allow more with --max-price. Nothing was sent for it.");
    }
}
