using System.Security.Cryptography;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

/// <summary>Names of filters and subscriptions, which no other client guesses.</summary>
internal static class RandomId
{
    private const int Bytes = 16;

    public const int MaxLength = 2 + 2 * Bytes;

    public static string Next() => Hex.Encode(RandomNumberGenerator.GetBytes(Bytes));
}
