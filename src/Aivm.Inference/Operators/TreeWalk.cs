using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>Follows a tree's preorder without recursion: which depth the next node has, and whether the tree is complete.</summary>
internal struct TreeWalk
{
    // Bit d: the split at depth d is in its false subtree.
    private Turns _turns;
    private int _depth;

    [InlineArray(TreeEnsembleNode.MaxDepth)]
    private struct Turns
    {
        private bool _first;
    }

    public bool Done { get; private set; }

    /// <summary>The longest path so far, in splits.</summary>
    public int Deepest { get; private set; }

    /// <summary>The next node is a split; false when that path would be longer than <paramref name="limit"/>.</summary>
    public bool TrySplit(int limit)
    {
        if (_depth == limit)
            return false;
        _turns[_depth++] = false;
        Deepest = Math.Max(Deepest, _depth);
        return true;
    }

    /// <summary>The next node is a leaf: climb to the nearest split whose true subtree this ends.</summary>
    public void Leaf()
    {
        while (_depth > 0 && _turns[_depth - 1])
            _depth--;
        if (_depth == 0)
            Done = true;
        else
            _turns[_depth - 1] = true;
    }
}
