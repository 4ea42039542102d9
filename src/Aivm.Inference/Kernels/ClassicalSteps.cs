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

/// <summary>See <see cref="TreeEnsembleNode"/>. Nodes keep their preorder: the true child is the next one.</summary>
internal sealed unsafe class TreeEnsembleStep : Step
{
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly int _targets;
    private readonly TreeShape[] _trees;
    private readonly int[] _roots;
    private readonly PinnedArray _splits;

    // By node: a split's false child, a leaf's first value.
    private readonly PinnedArray _next;
    private readonly PinnedArray _leaves;
    private readonly PinnedArray _base;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TreeEnsembleStep(TreeEnsembleNode node, Tensor source, Tensor destination)
    {
        (_source, _destination, _targets, _trees) = (source, destination, node.Targets, [.. node.Trees]);
        (_splits, _base) = (PinnedArray.Of(node.Splits), PinnedArray.Of(node.Base));
        _leaves = PinnedArray.Of(node.Leaves.ToArray());
        _roots = new int[_trees.Length];
        var next = new int[node.Splits.Count];
        var (position, leaf) = (0, 0);
        var open = new Stack<int>();
        for (var t = 0; t < _trees.Length; t++)
        {
            _roots[t] = position;
            for (var end = position + _trees[t].Nodes; position < end; position++)
            {
                if (node.Splits[position] != TreeSplit.Leaf)
                {
                    open.Push(position);
                    continue;
                }
                (next[position], leaf) = (leaf, leaf + _trees[t].TargetCount);
                // What follows a leaf is the false subtree of the last split that has none yet.
                if (open.TryPop(out var split))
                    next[split] = position + 1;
            }
        }
        _next = PinnedArray.Of(next);
    }

    public override void Run(byte* memory)
    {
        var ranks = (ushort*)(memory + _source.Block.Offset);
        var scores = (long*)(memory + _destination.Block.Offset);
        var splits = (int*)_splits.Pointer;
        var next = (int*)_next.Pointer;
        var leaves = (long*)_leaves.Pointer;
        new ReadOnlySpan<long>(_base.Pointer, _targets).CopyTo(new Span<long>(scores, _targets));
        for (var t = 0; t < _trees.Length; t++)
        {
            var node = _roots[t];
            for (var word = splits[node]; word >= 0; word = splits[node])
            {
                var rank = ranks[word >> 17];
                var isTrue = rank == ElementTypes.MissingRank ? (word & (1 << 16)) != 0 : rank <= (word & 0xFFFF);
                node = isTrue ? node + 1 : next[node];
            }
            var leaf = leaves + next[node];
            var target = scores + _trees[t].FirstTarget;
            for (var i = 0; i < _trees[t].TargetCount; i++)
                target[i] += leaf[i];
        }
    }
}
