using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>
/// A conversation of random numbers x_i with y_i, products x_i y_i and sums x_i + 3 y_i sent too, and the closing that proves products
/// and sums.
/// </summary>
internal sealed class Closing
{
    private readonly int _pairs;
    private readonly PadLayout _layout = new();

    public Closing(int pairs, ProofParameters? parameters = null)
    {
        _pairs = pairs;
        for (var i = 0; i < pairs; i++)
        {
            var x = _layout.Next();
            _layout.NextProduct(x, _layout.Next());
            _layout.Skip(2);
        }
        PadsLaidOut = _layout;
        Shape = PadShape.Choose(parameters ?? ProofParameters.Toy, _layout);
    }

    public PadShape Shape { get; init; }

    public PadLayout Layout => _layout;

    /// <summary>What the pads are drawn for.</summary>
    public PadLayout PadsLaidOut { get; set; }

    public string Context { get; init; } = "context";

    /// <summary>Of the verifier's transcript.</summary>
    public TranscriptProbe? Probe { get; init; }

    /// <summary>Of the prover's.</summary>
    public TranscriptProbe? ProversProbe { get; init; }

    /// <summary>Adds something to the numbers sent: a lie, if it is not zero.</summary>
    public Func<int, (Ext4 Product, Ext4 Sum)> Lie { get; init; } = _ => default;

    public byte[] Prove()
    {
        using var pads = PadCommitment.Commit(Shape, _layout, Pads.Draw(PadsLaidOut, new SecretRandom().NextExt4), new SecretRandom());
        return Prove(pads);
    }

    /// <param name="pads">Stay the caller's.</param>
    public byte[] Prove(PadCommitment pads)
    {
        var writer = new ProofWriter();
        var transcript = new Transcript(Context, ProversProbe);
        transcript.Absorb(pads.Root.Span);
        writer.Write(pads.Root);
        var channel = new RogueChannel(transcript, writer, pads.Pads);
        for (var i = 0; i < _pairs; i++)
        {
            var (product, sum) = Lie(i);
            var (x, y) = (Ext4.From(7 * i), new Ext4(Felt.From(i), Felt.One, Felt.From(-i), Felt.From(i * i)));
            var (hiddenX, hiddenY) = (channel.Send(x), channel.Send(y));
            var hiddenProduct = channel.Product(hiddenX, hiddenY);
            product += Fault(pads.Pads, _layout.Products[i]);
            Require(channel, hiddenX, hiddenY, hiddenProduct, channel.Send((x * y) + product), channel.Send(x + (y * Felt.From(3)) + sum));
        }
        pads.Close(channel, writer);
        return writer.ToArray();
    }

    /// <summary>
    /// What is wrong with a pad that should be a product. To send a number that is wrong by as much satisfies the linear constraints.
    /// </summary>
    private static Ext4 Fault(Ext4[] pads, PadProduct product) => pads[product.Product] - (pads[product.Left] * pads[product.Right]);

    public Error? Verify(ReadOnlyMemory<byte> proof)
    {
        var reader = new ProofReader(proof);
        if (!reader.TryRead(out Hash256 root))
            return reader.Error;
        var transcript = new Transcript(Context, Probe);
        transcript.Absorb(root.Span);
        var channel = new VerifierChannel(transcript, reader);
        Receive(channel);
        var accepted = PadClosing.TryVerify(Shape, root, channel, reader) && reader.TryFinish();
        Assert.Equal(accepted, reader.Error is null);
        return reader.Error;
    }

    /// <summary>The verifier's side, up to the closing.</summary>
    public void Receive(VerifierChannel channel)
    {
        for (var i = 0; i < _pairs; i++)
        {
            var (x, y) = (channel.Receive(), channel.Receive());
            Require(channel, x, y, channel.Product(x, y), channel.Receive(), channel.Receive());
        }
    }

    /// <summary>Numbers sent.</summary>
    public int Messages => 4 * _pairs;

    private static void Require(HiddenChannel channel, Hidden x, Hidden y, Hidden product, Hidden sentProduct, Hidden sentSum)
    {
        channel.RequireZero(product - sentProduct, "product");
        channel.RequireZero(x + y.Times(Ext4.From(3)) - sentSum, "sum");
    }

    /// <summary>A prover's channel that does not care whether pads are products.</summary>
    private sealed class RogueChannel(Transcript transcript, ProofWriter writer, Ext4[] pads) : HiddenChannel(transcript)
    {
        public Hidden Send(Ext4 value)
        {
            var message = value + pads[Layout.Count];
            writer.Write(message);
            return Note(message);
        }
    }
}
