using System.Buffers;
using System.Runtime.CompilerServices;
using Aivm.Primitives;

namespace Aivm.State;

/// <summary>Encodes a tree of nodes from the leaves up, hashes each node of 32 bytes or more, and hands it to a sink.</summary>
internal readonly struct NodeEncoder(INodeSink? sink)
{
    private const int StackLimit = 1024;
    private const int MaxHeaderLength = 5;

    /// <summary>The root is hashed and stored whatever its length.</summary>
    public Hash256 Root(TrieNode node)
    {
        Span<byte> reference = stackalloc byte[NodeReference.HashLength];
        var length = Write(node, reference);
        if (NodeReference.IsHash(reference))
            return new Hash256(reference[1..]);
        var encoded = reference[..length];
        var hash = Keccak.Hash(encoded);
        sink?.AddNode(hash, encoded.ToArray());
        return hash;
    }

    /// <summary>Writes the reference to a node after all that is below it.</summary>
    /// <param name="reference">At least <see cref="NodeReference.HashLength"/> bytes.</param>
    /// <returns>The reference's length.</returns>
    public int Write(TrieNode node, Span<byte> reference)
    {
        switch (node)
        {
            case LeafNode leaf:
                return WriteLeaf(leaf, reference);
            case ExtensionNode extension:
                return WriteExtension(extension, reference);
            case BranchNode branch:
                return WriteBranch(branch, reference);
            case ReferenceNode stored:
                stored.Reference.CopyTo(reference);
                return stored.Reference.Length;
            default:
                throw new InvalidOperationException("No such kind of node.");
        }
    }

    [SkipLocalsInit]
    private int WriteLeaf(LeafNode leaf, Span<byte> reference)
    {
        var pathLength = Nibbles.EncodedLength(leaf.Path.Length);
        var capacity = (3 * MaxHeaderLength) + pathLength + leaf.Value.Length;
        var rented = capacity > StackLimit ? ArrayPool<byte>.Shared.Rent(capacity) : null;
        var buffer = rented ?? stackalloc byte[StackLimit];
        var length = MaxHeaderLength;
        length += WritePath(leaf.Path, true, buffer[length..]);
        length += WriteBytes(leaf.Value, buffer[length..]);
        var written = Finish(buffer[..length], reference);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return written;
    }

    [SkipLocalsInit]
    private int WriteExtension(ExtensionNode extension, Span<byte> reference)
    {
        Span<byte> buffer = stackalloc byte[MaxHeaderLength + MaxHeaderLength + MerklePatriciaTrie.MaxKeyLength + 1 + NodeReference.HashLength];
        var length = MaxHeaderLength;
        length += WritePath(extension.Path, false, buffer[length..]);
        length += Write(extension.Child, buffer[length..]);
        return Finish(buffer[..length], reference);
    }

    [SkipLocalsInit]
    private int WriteBranch(BranchNode branch, Span<byte> reference)
    {
        var value = branch.Value ?? [];
        var capacity = (2 * MaxHeaderLength) + (BranchNode.Width * NodeReference.HashLength) + value.Length;
        var rented = capacity > StackLimit ? ArrayPool<byte>.Shared.Rent(capacity) : null;
        var buffer = rented ?? stackalloc byte[StackLimit];
        var length = MaxHeaderLength + WriteChildren(branch, buffer[MaxHeaderLength..]);
        length += WriteBytes(value, buffer[length..]);
        var written = Finish(buffer[..length], reference);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return written;
    }

    private int WriteChildren(BranchNode branch, Span<byte> destination)
    {
        var stored = branch.StoredChildren;
        var length = 0;
        for (var i = 0; i < BranchNode.Width; i++)
        {
            var storedLength = stored.IsEmpty ? 0 : NodeReference.LengthOf(stored[0]);
            if (branch.IsUnread(i))
            {
                stored[..storedLength].CopyTo(destination[length..]);
                length += storedLength;
            }
            else if (branch[i] is { } child)
            {
                length += Write(child, destination[length..]);
            }
            else
            {
                destination[length++] = Rlp.EmptyBytes;
            }
            stored = stored[storedLength..];
        }
        return length;
    }

    /// <param name="buffer">The node's items after <see cref="MaxHeaderLength"/> bytes of room for the list's header.</param>
    private int Finish(Span<byte> buffer, Span<byte> reference)
    {
        var payloadLength = buffer.Length - MaxHeaderLength;
        var headerLength = Rlp.LengthOfList(payloadLength) - payloadLength;
        var encoded = buffer[(MaxHeaderLength - headerLength)..];
        WriteHeader(encoded[..headerLength], payloadLength, Rlp.EmptyList);
        if (encoded.Length <= NodeReference.MaxInlineLength)
        {
            encoded.CopyTo(reference);
            return encoded.Length;
        }
        reference[0] = NodeReference.HashHeader;
        Keccak.Hash(encoded, reference.Slice(1, Hash256.Size));
        sink?.AddNode(new Hash256(reference.Slice(1, Hash256.Size)), encoded.ToArray());
        return NodeReference.HashLength;
    }

    private static int WritePath(ReadOnlySpan<byte> path, bool leaf, Span<byte> destination)
    {
        var length = Nibbles.EncodedLength(path.Length);
        if (length == 1)
        {
            // A path of one byte is below 0x80 and needs no header.
            Nibbles.Encode(path, leaf, destination);
            return 1;
        }
        WriteHeader(destination[..(Rlp.LengthOfList(length) - length)], length, Rlp.EmptyBytes);
        var header = Rlp.LengthOfList(length) - length;
        Nibbles.Encode(path, leaf, destination[header..]);
        return header + length;
    }

    private static int WriteBytes(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        var header = Rlp.LengthOf(bytes) - bytes.Length;
        if (header > 0)
            WriteHeader(destination[..header], bytes.Length, Rlp.EmptyBytes);
        bytes.CopyTo(destination[header..]);
        return header + bytes.Length;
    }

    /// <param name="header">Exactly as long as the header is.</param>
    /// <param name="shortest">The header of an empty item of this kind.</param>
    private static void WriteHeader(Span<byte> header, int payloadLength, byte shortest)
    {
        const int ShortLimit = 55;
        if (header.Length == 1)
        {
            header[0] = (byte)(shortest + payloadLength);
            return;
        }
        header[0] = (byte)(shortest + ShortLimit + header.Length - 1);
        for (var i = header.Length - 1; i > 0; i--)
        {
            header[i] = (byte)(payloadLength & 0xFF);
            payloadLength >>= 8;
        }
    }
}
