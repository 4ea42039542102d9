using System.Numerics;

namespace Aivm.Proofs;

/// <summary>
/// A rectangle of committed cells: the cell of position p and channel c has the address Base + p * Width + c, so that eq(r, address)
/// is a product of a factor for c (the low bits) and one for p. Positions are rows or pixels, of all samples of a batch one after another.
/// </summary>
/// <param name="Base">A multiple of <see cref="Width"/>.</param>
internal sealed record Storage(int Base, int Positions, int Channels)
{
    private int _base = Base;

    public int Base
    {
        get => _base;
        init => _base = value;
    }

    public int ChannelBits { get; } = BitLength(Channels - 1);

    /// <summary>Channels rounded up to a power of two; the cells in between are zero and mean nothing.</summary>
    public int Width => 1 << ChannelBits;

    /// <summary>The first address behind it.</summary>
    public int End => Base + (Positions * Width);

    /// <summary>Elsewhere from here on, and with it whatever reads the storage by its base.</summary>
    /// <param name="distance">A multiple of <see cref="Width"/>.</param>
    public void Move(int distance) => _base += distance;

    internal static int BitLength(int value) => 32 - BitOperations.LeadingZeroCount((uint)value);
}

/// <summary>Numbers that both sides know share the space of addresses with committed cells, from here on.</summary>
internal static class PublicAddress
{
    public const int First = 1 << 30;

    public static bool Is(int address) => address >= First;
}
