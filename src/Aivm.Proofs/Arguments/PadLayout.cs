namespace Aivm.Proofs;

/// <summary>A pad that holds the product of two others.</summary>
public readonly record struct PadProduct(int Left, int Right, int Product);

/// <summary>
/// Hands out pads in order, and remembers which of them are products. The order is that of the messages, which the statement's shape alone
/// fixes: whoever knows the shape lays out the same pads before the first message, by the arguments' <c>Reserve</c>.
/// </summary>
public sealed class PadLayout
{
    private readonly List<PadProduct> _products = [];

    /// <summary>Pads handed out so far.</summary>
    public int Count { get; private set; }

    /// <summary>In the order of their product pads.</summary>
    public IReadOnlyList<PadProduct> Products => _products;

    /// <summary>The pad of one message.</summary>
    public int Next() => Count++;

    /// <summary>A pad equal to <paramref name="left"/> * <paramref name="right"/>. It masks nothing.</summary>
    public int NextProduct(int left, int right)
    {
        _products.Add(new PadProduct(left, right, Count));
        return Count++;
    }

    /// <summary>The pads of several messages.</summary>
    public void Skip(int messages) => Count += messages;
}
