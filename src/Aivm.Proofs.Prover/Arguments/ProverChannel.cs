namespace Aivm.Proofs.Prover;

/// <summary>The prover's end.</summary>
/// <param name="pads">By <see cref="Pads.Draw"/>, for at least all messages that will be sent; committed before the first.</param>
public sealed class ProverChannel(Transcript transcript, ProofWriter writer, Ext4[] pads) : HiddenChannel(transcript)
{
    /// <summary>Writes and absorbs value + next pad.</summary>
    public Hidden Send(Ext4 value)
    {
        var message = value + pads[Layout.Count];
        writer.Write(message);
        return Note(message);
    }

    public override Hidden Product(Hidden left, Hidden right)
    {
        var product = base.Product(left, right);
        var (leftPad, rightPad, productPad) = Layout.Products[^1];
        if (pads[leftPad] * pads[rightPad] != pads[productPad])
            throw new InvalidOperationException("The pads were laid out for another order of messages.");
        return product;
    }
}
