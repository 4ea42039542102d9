namespace Aivm.Primitives;

/// <summary>Recursive Length Prefix (Ethereum Yellow Paper, appendix B): constants and the lengths of encoded items.</summary>
public static class Rlp
{
    /// <summary>The encoding of no bytes, and of the number zero.</summary>
    public const byte EmptyBytes = 0x80;

    /// <summary>The encoding of a list without items.</summary>
    public const byte EmptyList = 0xC0;

    internal const int ShortLimit = 55;

    /// <summary>The largest header: one prefix byte and the four bytes of a length that fits an <see cref="int"/>.</summary>
    internal const int MaxHeaderLength = 5;

    public static int LengthOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length == 1 && bytes[0] < EmptyBytes ? 1 : HeaderLength(bytes.Length) + bytes.Length;

    public static int LengthOf(UInt256 value) => value < EmptyBytes ? 1 : 1 + value.ByteLength;

    /// <param name="payloadLength">The length of all encoded items together.</param>
    public static int LengthOfList(int payloadLength) => HeaderLength(payloadLength) + payloadLength;

    internal static int HeaderLength(int payloadLength) => payloadLength <= ShortLimit ? 1 : 1 + LengthOfLength(payloadLength);

    internal static int LengthOfLength(int length) =>
        length > 0xFFFFFF ? 4 : length > 0xFFFF ? 3 : length > 0xFF ? 2 : 1;
}
