using Aivm.Cli.Models;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Cli.Inference;

/// <summary>What <c>aivm infer</c> was asked for, whatever the path.</summary>
/// <param name="Inputs">Row after row.</param>
/// <param name="MaxPrice">Wei for one inference with its gas; null: whatever the quote says.</param>
internal sealed record InferenceRequest(Address Account, Model Model, IReadOnlyList<long[]> Inputs, UInt256? MaxPrice, bool Yes)
{
    public byte[] Packed(int row) => ModelInput.Pack(Model, Inputs[row]);

    public string Count => $"{Inputs.Count} {(Inputs.Count == 1 ? "inference" : "inferences")}";

    /// <exception cref="AivmException"><c>price-too-high</c>.</exception>
    public void RequireBelowMaxPrice(UInt256 total)
    {
        if (total > MaxPrice)
            throw new AivmException(
                Failure.Check, "price-too-high", $"One inference costs up to {Output.Coins.Format(total)} coins, more than --max-price. Nothing was sent.");
    }
}
