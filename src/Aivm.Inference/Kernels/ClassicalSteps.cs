using System.Numerics;
using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>See <see cref="WideDenseNode"/>.</summary>
/// <param name="row">8 bytes for each element of a row.</param>
internal sealed unsafe class WideDenseStep(WideDenseNode node, Tensor source, Tensor destination, Block row) : Step
{
    private readonly PinnedArray _weights = PinnedArray.Of(node.Weights);
    private readonly PinnedArray _bias = PinnedArray.Of(node.Bias);
    private readonly ElementType _type = node.Weights.Type;
    private readonly int _inputs = node.Weights.Shape[1];
    private readonly int _outputs = node.Weights.Shape[0];

    public override void Run(byte* memory)
    {
        var x = (long*)(memory + row.Offset);
        var to = (long*)(memory + destination.Block.Offset);
        for (var start = 0L; start < source.Elements; start += _inputs)
        {
            Elements.Widen(memory + source.Block.Offset + (start * ElementTypes.SizeOf(source.Type)), source.Type, new Span<long>(x, _inputs));
            for (var o = 0; o < _outputs; o++)
                *to++ = Dot(x, (long)o * _inputs, ((long*)_bias.Pointer)[o]);
        }
    }

    private long Dot(long* x, long first, long bias) => _type switch
    {
        ElementType.S8 => Dot(x, (sbyte*)_weights.Pointer + first, bias),
        ElementType.S16 => Dot(x, (short*)_weights.Pointer + first, bias),
        ElementType.S32 => Dot(x, (int*)_weights.Pointer + first, bias),
        _ => Dot(x, (long*)_weights.Pointer + first, bias),
    };

    /// <summary>The analysis bounds every partial sum below 2^62.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long Dot<T>(long* x, T* weights, long sum)
        where T : unmanaged, IBinaryInteger<T>
    {
        unchecked
        {
            for (var i = 0; i < _inputs; i++)
                sum += long.CreateTruncating(weights[i]) * x[i];
        }
        return sum;
    }
}

/// <summary>
/// See <see cref="TreeEnsembleNode"/>. Nodes keep their preorder: the true child is the next one. A path has as many steps as its
/// tree is deep, and no step is a branch to predict: a leaf is its own false child.
/// </summary>
internal sealed unsafe class TreeEnsembleStep : Step
{
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly Block _ranks;
    private readonly int _targets;
    private readonly Tree[] _trees;

    // By node: see SplitOf; and the first value of a leaf.
    private readonly PinnedArray _splits;
    private readonly PinnedArray _firstLeaves;
    private readonly PinnedArray _leaves;
    private readonly PinnedArray _base;

    private readonly record struct Tree(int Root, int Depth, int FirstTarget, int TargetCount);

    /// <param name="ranks">Four bytes for each feature.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TreeEnsembleStep(TreeEnsembleNode node, Tensor source, Tensor destination, Block ranks)
    {
        (_source, _destination, _ranks, _targets, _trees) = (source, destination, ranks, node.Targets, new Tree[node.Trees.Length]);
        (_leaves, _base) = (PinnedArray.Of(node.Leaves.ToArray()), PinnedArray.Of(node.Base));
        _splits = new PinnedArray(8L * node.Splits.Count);
        _firstLeaves = new PinnedArray(4L * node.Splits.Count);
        var splits = (long*)_splits.Pointer;
        var (position, leaf) = (0, 0);
        var open = new Stack<int>();
        for (var t = 0; t < _trees.Length; t++)
        {
            var shape = node.Trees[t];
            var walk = new TreeWalk();
            var root = position;
            for (var end = position + shape.Nodes; position < end; position++)
            {
                ((int*)_firstLeaves.Pointer)[position] = leaf;
                if (node.Splits[position] != TreeSplit.Leaf)
                {
                    open.Push(position);
                    splits[position] = SplitOf((int)node.Splits[position]);
                    walk.TrySplit(TreeEnsembleNode.MaxDepth);
                    continue;
                }
                splits[position] = (long)position << 32;
                leaf += shape.TargetCount;
                walk.Leaf();
                // What follows a leaf is the false subtree of the last split that has none yet.
                if (open.TryPop(out var split))
                    splits[split] |= (position + 1L) << 32;
            }
            _trees[t] = new Tree(root, walk.Deepest, shape.FirstTarget, shape.TargetCount);
        }
    }

    /// <summary>
    /// Bits 0-15: one more than the rank up to which the true child follows, 0 for a leaf. Bits 16-31: the place of the feature's
    /// rank among those in which a missing feature follows the false child, or, behind them, those in which it follows the true one.
    /// Bits 32-63: the false child.
    /// </summary>
    private uint SplitOf(int word)
    {
        var (feature, rank, missingTrue) = TreeSplit.Unpack(word);
        var place = feature + (missingTrue ? (int)_source.Elements : 0);
        return ((uint)place << 16) | (uint)(rank + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(byte* memory)
    {
        var scores = (long*)(memory + _destination.Block.Offset);
        var ranks = (ushort*)(memory + _ranks.Offset);
        SpreadRanks((ushort*)(memory + _source.Block.Offset), ranks, (int)_source.Elements);
        var splits = (long*)_splits.Pointer;
        new ReadOnlySpan<long>(_base.Pointer, _targets).CopyTo(new Span<long>(scores, _targets));
        unchecked
        {
            // Four paths at once hide each other's latency; one that is shorter waits at its leaf.
            var t = 0;
            for (; t <= _trees.Length - 4; t += 4)
            {
                var (first, second, third, fourth) = (_trees[t], _trees[t + 1], _trees[t + 2], _trees[t + 3]);
                var (a, b, c, d) = ((long)first.Root, (long)second.Root, (long)third.Root, (long)fourth.Root);
                var depth = Math.Max(Math.Max(first.Depth, second.Depth), Math.Max(third.Depth, fourth.Depth));
                for (var step = 0; step < depth; step++)
                {
                    a = Follow(a, splits, ranks);
                    b = Follow(b, splits, ranks);
                    c = Follow(c, splits, ranks);
                    d = Follow(d, splits, ranks);
                }
                AddLeaf(first, a, scores);
                AddLeaf(second, b, scores);
                AddLeaf(third, c, scores);
                AddLeaf(fourth, d, scores);
            }
            for (; t < _trees.Length; t++)
            {
                long node = _trees[t].Root;
                for (var step = 0; step < _trees[t].Depth; step++)
                    node = Follow(node, splits, ranks);
                AddLeaf(_trees[t], node, scores);
            }
        }
    }

    /// <summary>The child of a split; a leaf itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Follow(long node, long* splits, ushort* ranks)
    {
        unchecked
        {
            var split = splits[node];
            // -1 where the rank is below the bound, else 0.
            var isTrue = (long)(ranks[(ushort)(split >> 16)] - (int)(ushort)split) >> 63;
            var next = split >> 32;
            return next + ((node + 1 - next) & isTrue);
        }
    }

    /// <summary>The analysis bounds every score below 2^62, whichever leaves are reached.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddLeaf(Tree tree, long node, long* scores)
    {
        unchecked
        {
            var leaf = (long*)_leaves.Pointer + ((int*)_firstLeaves.Pointer)[node];
            var target = scores + tree.FirstTarget;
            for (var i = 0; i < tree.TargetCount; i++)
                target[i] += leaf[i];
        }
    }

    /// <summary>Twice over: a missing feature's rank above every bound, then below every bound but a leaf's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SpreadRanks(ushort* from, ushort* to, int count)
    {
        for (var i = 0; i < count; i++)
        {
            to[i] = from[i];
            to[count + i] = from[i] == ElementTypes.MissingRank ? (ushort)0 : from[i];
        }
    }
}
