using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// How the elements of one sample of a value are numbered by position and channel. Images are pixels by C; what comes in rows is all but the last
/// dimension by the last.
/// </summary>
/// <param name="ChannelsOutermost">In the elements' own row-major order.</param>
internal readonly record struct GridShape(int Positions, int Channels, bool ChannelsOutermost)
{
    /// <summary>[C, H, W].</summary>
    public static GridShape OfImage(Shape shape) => new(shape[1] * shape[2], shape[0], ChannelsOutermost: true);

    /// <summary>[..., n].</summary>
    public static GridShape OfRows(Shape shape) => new((int)(shape.Elements / shape.Last), shape.Last, ChannelsOutermost: false);

    /// <summary>Three dimensions are taken for an image.</summary>
    public static GridShape Of(Shape shape) => shape.Rank == 3 ? OfImage(shape) : OfRows(shape);

    public int Elements => Positions * Channels;

    /// <summary>The row-major number of the element at a position and channel.</summary>
    public int ElementOf(int position, int channel) => ChannelsOutermost ? (channel * Positions) + position : (position * Channels) + channel;
}
