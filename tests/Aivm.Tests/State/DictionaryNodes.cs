using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.State;

/// <summary>Trie nodes in a dictionary.</summary>
internal sealed class DictionaryNodes : INodeSource, INodeSink
{
    public Dictionary<Hash256, byte[]> Nodes { get; } = [];

    public byte[]? GetNode(in Hash256 hash) => Nodes.GetValueOrDefault(hash);

    public void AddNode(in Hash256 hash, byte[] node) => Nodes[hash] = node;

    public void ReplaceNode(in Hash256 hash)
    {
    }
}
