namespace Aivm.Inference;

internal sealed partial class PlanBuilder
{
    private void AddNode(GraphNode node, int value)
    {
        switch (node)
        {
            case ReshapeNode reshape:
                Define(value, Layout.Planar, Use(reshape.Source, Layout.Planar).Block);
                break;
            case TransposeNode transpose:
                AddTranspose(transpose, value);
                break;
            case ConcatNode concat:
                AddConcat(concat, value);
                break;
            case GatherNode gather:
                AddUnary(gather.Source, value, (source, result) => new GatherStep(gather, source, result));
                break;
            case ConstantNode constant:
                var constantResult = Define(value, Layout.Planar);
                Add(new ConstantStep(constant, constantResult), constantResult.Block);
                break;
            case EmbeddingNode embedding:
                AddUnary(embedding.Source, value, (source, result) => new EmbeddingStep(embedding, source, result));
                break;
            case QuantiseNode quantise:
                AddUnary(quantise.Source, value, (source, result) => CreateQuantise(quantise, source, result));
                break;
            case ClampNode clamp:
                AddUnary(clamp.Source, value, (source, result) => new ClampStep(clamp, source, result));
                break;
            case RankNode rank:
                AddUnary(rank.Source, value, (source, result) => new RankStep(rank, source, result));
                break;
            case ConvNode conv:
                AddConv(conv, value);
                break;
            case DenseNode dense:
                AddDense(dense, value);
                break;
            case MatMulNode product:
                AddMatMul(product, value);
                break;
            case AddNode add:
                AddSum(UseAny(add.Left), add.LeftFactor, add.Right, add.RightFactor, value, add.Requantise);
                break;
            case RescaleNode rescale:
                AddSum(UseAny(rescale.Source), rescale.Factor, null, 0, value, rescale.Requantise);
                break;
            case TableNode table:
                var any = UseAny(table.Source);
                var mapped = Define(value, any.Layout);
                Add(new TableStep(table, any, mapped), any.Block, mapped.Block);
                break;
            case InterpolateNode interpolate:
                AddUnary(interpolate.Source, value, (source, result) => new InterpolateStep(interpolate, source, result));
                break;
            case MultiplyNode product:
                AddBinary(product.Left, product.Right, value, (left, right, result) => new MultiplyStep(left, right, result, new Requantiser(product.Requantise, channels: 1, _level), _level));
                break;
            case CompareNode compare:
                AddBinary(compare.Left, compare.Right, value, (left, right, result) => new CompareStep(compare.Comparison, left, right, result));
                break;
            case WhereNode where:
                AddWhere(where, value);
                break;
            case MaxPoolNode pool:
                AddPool(pool.Source, value, pool.Window, null);
                break;
            case AveragePoolNode pool:
                AddPool(pool.Source, value, pool.Window, pool);
                break;
            case SumNode sum:
                AddUnary(sum.Source, value, (source, result) => new SumStep(sum.Multiplier, source, result, new Requantiser(sum.Requantise, channels: 1, _level), _level));
                break;
            case MaxNode max:
                AddUnary(max.Source, value, (source, result) => new MaxStep(source, result, _level));
                break;
            case LayerNormNode norm:
                AddUnary(norm.Source, value, (source, result) => new LayerNormStep(norm, source, result, _level));
                break;
            case NormaliseNode norm:
                AddUnary(norm.Source, value, (source, result) => new NormaliseStep(norm, source, result));
                break;
            case SoftmaxNode softmax:
                var exponentials = Allocate(4L * _analysis.Values[value].Shape.Last);
                AddUnary(softmax.Source, value, (source, result) => new SoftmaxStep(softmax, source, result, exponentials, _level), exponentials);
                break;
            case WideDenseNode wide:
                var row = Allocate(8L * wide.Weights.Shape[1]);
                AddUnary(wide.Source, value, (source, result) => new WideDenseStep(wide, source, result, row), row);
                break;
            case TreeEnsembleNode trees:
                var ranks = Allocate(4L * _analysis.Values[trees.Source].Shape[0]);
                AddUnary(trees.Source, value, (source, result) => new TreeEnsembleStep(trees, source, result, ranks), ranks);
                break;
            case ArgMaxNode argMax:
                AddUnary(argMax.Source, value, (source, result) => new ArgMaxStep(source, result, argMax.Axis));
                break;
            default:
                throw new InvalidOperationException($"No kernel for {node.Operator}.");
        }
    }

    private Step CreateQuantise(QuantiseNode node, Tensor source, Tensor result)
    {
        if (_level == SimdLevel.Scalar || !ByteMap.TryFind(node, source.Info, out var map))
            return new QuantiseStep(node, source, result, _level);
        return _level == SimdLevel.Vector128
            ? new QuantiseBytesStep<Lanes128>(node, map, source, result)
            : new QuantiseBytesStep<Lanes256>(node, map, source, result);
    }

    /// <summary>A step over one planar tensor.</summary>
    private void AddUnary(int source, int value, Func<Tensor, Tensor, Step> create, params ReadOnlySpan<Block> scratch)
    {
        var (from, to) = (Use(source, Layout.Planar), Define(value, Layout.Planar));
        Add(create(from, to), [from.Block, to.Block, .. scratch]);
    }

    /// <summary>A step over two tensors of one shape, in the layout of the first.</summary>
    private void AddBinary(int leftValue, int rightValue, int value, Func<Tensor, Tensor, Tensor, Step> create)
    {
        var left = UseAny(leftValue);
        var (right, result) = (Use(rightValue, left.Layout), Define(value, left.Layout));
        Add(create(left, right, result), left.Block, right.Block, result.Block);
    }

    private void AddWhere(WhereNode node, int value)
    {
        var condition = UseAny(node.Condition);
        var (left, right, result) = (Use(node.Left, condition.Layout), Use(node.Right, condition.Layout), Define(value, condition.Layout));
        Add(new WhereStep(condition, left, right, result, _level), condition.Block, left.Block, right.Block, result.Block);
    }

    private void AddConcat(ConcatNode node, int value)
    {
        Tensor[] parts = [.. node.Parts.Select(part => Use(part, Layout.Planar))];
        var result = Define(value, Layout.Planar);
        Add(new ConcatStep(parts, result, node.Axis), [.. parts.Select(part => part.Block), result.Block]);
    }

    private void AddMatMul(MatMulNode node, int value)
    {
        var (left, right) = (Use(node.Left, Layout.Planar), Use(node.Right, Layout.Planar));
        var result = Define(value, Layout.Planar);
        var scratch = Allocate(new MatMulScratch(left.Info.Shape.Last, result.Info.Shape.Last).Bytes);
        var requantiser = new Requantiser(node.Requantise, channels: 1, _level);
        Step step = _level switch
        {
            SimdLevel.Scalar => new PlainMatMulStep(node, left, right, result, scratch, requantiser),
            SimdLevel.Vector128 => new MatMulStep<Lanes128, Wide128>(node, left, right, result, scratch, requantiser),
            SimdLevel.Avx2 or SimdLevel.Avx512 => new MatMulStep<Lanes256, WideAvx2>(node, left, right, result, scratch, requantiser),
            _ => new MatMulStep<Lanes256, WideVnni>(node, left, right, result, scratch, requantiser),
        };
        Add(step, left.Block, right.Block, result.Block, scratch);
    }

    private void AddTranspose(TransposeNode node, int value)
    {
        var source = Use(node.Source, Layout.Planar);
        // [H, W, C] to [C, H, W] is the same memory with the channels innermost.
        if (node.Permutation is [2, 0, 1])
        {
            Define(value, Layout.ChannelsLast, source.Block);
            return;
        }
        var result = Define(value, Layout.Planar);
        Add(new TransposeStep(source, result, node.Permutation.AsSpan()), source.Block, result.Block);
    }

    private void AddSum(Tensor left, int leftFactor, int? rightValue, int rightFactor, int value, Requantise requantise)
    {
        var right = rightValue is { } number ? Use(number, left.Layout) : null;
        var result = Define(value, left.Layout);
        var step = new AddStep(left, leftFactor, right, rightFactor, result, new Requantiser(requantise, channels: 1, _level), _level);
        Add(step, right is null ? [left.Block, result.Block] : [left.Block, right.Block, result.Block]);
    }

    private void AddPool(int sourceValue, int value, Window window, AveragePoolNode? average)
    {
        var source = Use(sourceValue, Layout.ChannelsLast);
        var result = Define(value, Layout.ChannelsLast);
        var sums = Allocate(4L * source.Info.Shape[0]);
        var requantiser = average is null ? null : new Requantiser(average.Requantise, channels: 1, _level);
        Add(new PoolStep(window, average, requantiser, source, result, sums, _level), source.Block, result.Block, sums);
    }
}
