using Aivm.Primitives;

namespace Aivm.State;

/// <summary>Where a trie reads the nodes that it does not hold itself.</summary>
public interface INodeSource
{
    /// <summary>The node's RLP, or null where it is unknown. Safe to call from several threads.</summary>
    byte[]? GetNode(in Hash256 hash);
}

/// <summary>Where a trie puts its new nodes when it commits.</summary>
public interface INodeSink
{
    void AddNode(in Hash256 hash, byte[] node);

    /// <summary>Tells that the new root needs a node less, as far as this trie knows: earlier roots and other tries may need it still.</summary>
    void ReplaceNode(in Hash256 hash);
}
