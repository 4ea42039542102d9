using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Node.JsonRpc;

/// <summary>Which block a call is about: a tag, a number or a hash (EIP-1898).</summary>
/// <param name="Number">Set when the block is named by number.</param>
/// <param name="Hash">Set when the block is named by hash.</param>
internal readonly record struct BlockSelector(BlockTag Tag, ulong? Number = null, Hash256? Hash = null)
{
    public const string Form = "a block number, a block hash or one of latest, pending, earliest, safe, finalized";

    public static BlockSelector Latest => new(BlockTag.Latest);

    public static bool TryRead(ref Utf8JsonReader reader, out BlockSelector value)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
            return TryReadObject(ref reader, out value);
        value = default;
        if (reader.TokenType != JsonTokenType.String)
            return false;
        if (JsonText.TryReadHash(ref reader, out var hash))
            value = new BlockSelector(BlockTag.None, Hash: hash);
        else if (JsonText.TryReadQuantity(ref reader, out ulong number))
            value = new BlockSelector(BlockTag.None, Number: number);
        else if (TryReadTag(ref reader, out var tag))
            value = new BlockSelector(tag);
        else
            return false;
        return true;
    }

    private static bool TryReadTag(ref Utf8JsonReader reader, out BlockTag tag)
    {
        // Blocks are final when they are committed: safe and finalized are the latest.
        if (JsonText.IsText(reader, "latest"u8) || JsonText.IsText(reader, "safe"u8) || JsonText.IsText(reader, "finalized"u8))
            tag = BlockTag.Latest;
        else if (JsonText.IsText(reader, "pending"u8))
            tag = BlockTag.Pending;
        else if (JsonText.IsText(reader, "earliest"u8))
            tag = BlockTag.Earliest;
        else
            tag = BlockTag.None;
        return tag != BlockTag.None;
    }

    private static bool TryReadObject(ref Utf8JsonReader reader, out BlockSelector value)
    {
        value = default;
        ulong? number = null;
        Hash256? hash = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonText.IsText(reader, "blockNumber"u8))
            {
                reader.Read();
                if (!JsonText.TryReadQuantity(ref reader, out ulong parsed))
                    return false;
                number = parsed;
            }
            else if (JsonText.IsText(reader, "blockHash"u8))
            {
                reader.Read();
                if (!JsonText.TryReadHash(ref reader, out var parsed))
                    return false;
                hash = parsed;
            }
            else
            {
                // requireCanonical: every block that can be found by hash is canonical.
                reader.Read();
                reader.Skip();
            }
        }
        value = new BlockSelector(BlockTag.None, number, hash);
        return number is null != hash is null;
    }
}

internal enum BlockTag
{
    /// <summary>The block is named by number or hash.</summary>
    None,
    Latest,
    /// <summary>The latest block with the pool's transactions on top: nonces count them, state does not.</summary>
    Pending,
    Earliest,
}
