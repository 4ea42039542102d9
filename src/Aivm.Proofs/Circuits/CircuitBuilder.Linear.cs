using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Layers whose accumulators are sums with public factors: each ends in <see cref="AddRequantised"/>.</summary>
internal sealed partial class CircuitBuilder
{
    private Error? AddConv(ConvNode node, int value)
    {
        var (source, shape) = (_values[node.Source], _infos[value].Shape);
        var maps = WindowMaps(node.Window, source.Info.Shape, shape);
        var weights = WeightsOf(value, node.Weights, Math.Max(1, maps.Length), out var bias);
        var term = new LinearTerm(GridOf(node.Source, GridShape.OfImage(source.Info.Shape)), shape[1] * shape[2], maps, weights, shape[0], node.Groups);
        return AddLayer(value, GridShape.OfImage(shape), term, node.Weights, node.Bias, bias, source.Info, node.Requantise);
    }

    private Error? AddDense(DenseNode node, int value)
    {
        var source = _values[node.Source];
        var view = GridOf(node.Source, GridShape.OfRows(source.Info.Shape));
        var weights = WeightsOf(value, node.Weights, taps: 1, out var bias);
        var term = new LinearTerm(view, view.PositionsPerSample, [], weights, node.Weights.Shape[0], groups: 1);
        return AddLayer(value, GridShape.OfRows(_infos[value].Shape), term, node.Weights, node.Bias, bias, source.Info, node.Requantise);
    }

    /// <param name="bias">Where a private bias is committed.</param>
    private LayerWeights WeightsOf(int value, Constant weights, int taps, out Storage? bias)
    {
        bias = null;
        if (Weights is null)
            return LayerWeights.Public(weights);
        var outputs = weights.Shape[0];
        return Weights.Add(value - graph.Inputs.Length, outputs, weights.Count / outputs / taps, taps, out bias);
    }

    private Error? AddLayer(int value, GridShape grid, LinearTerm term, Constant weights, Constant bias, Storage? privateBias, ValueInfo source, Requantise requantise)
    {
        if (privateBias is null)
            return AddRequantised(value, grid, new Accumulator([(term, Once)], [.. bias.ToArray().Select(Felt.From)], BoundsOf(weights, bias, source)), requantise);
        var bounds = DeclaredBounds(weights, bias, source);
        var biasTerm = new BiasTerm(privateBias, samples * grid.Positions);
        for (var c = 0; c < bounds.Length; c++)
            if ((Int128)bounds[c].High << (requantise.Activation is null ? requantise.MaxShift - requantise.ShiftOf(c) : 0) >= GraphAnalysis.AccumulatorBound - (1L << requantise.ShiftOf(c)))
                return Unsupported($"committed weights as large as their bounds may take the sum of channel {c} beyond 2^29");
        return AddRequantised(value, grid, new Accumulator([(term, Once), (biasTerm, Once)], [Felt.Zero], bounds), requantise);
    }

    /// <summary>What each output's sum lies between, of the weights as they are.</summary>
    private static (long Low, long High)[] BoundsOf(Constant weights, Constant bias, ValueInfo source)
    {
        var bounds = new (long Low, long High)[bias.Count];
        // A tap outside of the source is a zero.
        var (low, high) = (Math.Min(0, source.Min), Math.Max(0, source.Max));
        var row = weights.Count / bias.Count;
        var numbers = MemoryMarshal.Cast<byte, sbyte>(weights.Bytes);
        for (var o = 0; o < bounds.Length; o++)
        {
            var (positive, negative) = (0L, 0L);
            foreach (var weight in numbers.Slice(o * row, row))
            {
                positive += Math.Max((int)weight, 0);
                negative += Math.Min((int)weight, 0);
            }
            bounds[o] = (bias[o] + (positive * low) + (negative * high), bias[o] + (positive * high) + (negative * low));
        }
        return bounds;
    }

    /// <summary>How far any output of the layer may lie from 0, at the scale of the largest shift.</summary>
    private static long DeclaredReach(Constant weights, Constant bias, ValueInfo source, Requantise requantise) =>
        DeclaredBounds(weights, bias, source).Select((bound, c) => bound.High << (requantise.MaxShift - requantise.ShiftOf(c))).Max();

    /// <summary>The same from what is declared: n weights of a mean magnitude, and a bias, up to those that the graph states.</summary>
    private static (long Low, long High)[] DeclaredBounds(Constant weights, Constant bias, ValueInfo source)
    {
        var bounds = new (long Low, long High)[bias.Count];
        var row = weights.Count / bias.Count;
        for (var o = 0; o < bounds.Length; o++)
        {
            var most = (row * weights[row * o] * source.Magnitude) + Math.Abs(bias[o]);
            bounds[o] = (-most, most);
        }
        return bounds;
    }

    /// <param name="operands">Values of one shape, each with its factor.</param>
    private Error? AddSum(int value, (int Value, int Factor)[] operands, Requantise requantise)
    {
        var terms = ImmutableArray.CreateBuilder<(Expression, ImmutableArray<Felt>)>();
        var (low, high) = (0L, 0L);
        var grid = GridFor([.. operands.Select(operand => operand.Value)]);
        foreach (var (operand, factor) in operands)
        {
            var info = _values[operand].Info;
            terms.Add((new TapTerm(GridOf(operand, grid)), [Felt.From(factor)]));
            low += Math.Min(info.Min * factor, info.Max * factor);
            high += Math.Max(info.Min * factor, info.Max * factor);
        }
        return AddRequantised(value, grid, new Accumulator(terms.ToImmutable(), [Felt.Zero], [(low, high)]), requantise);
    }

    /// <summary>The order in which an operator on values of one shape takes their elements: that of the first which is committed.</summary>
    private GridShape GridFor(int[] operands) => _values[operands.FirstOrDefault(operand => !_values[operand].IsPublic, operands[0])].Grid;

    /// <summary>By tap of a window: the source's position for each position of the result, -1 outside.</summary>
    private static int[][] WindowMaps(Window window, Shape source, Shape result)
    {
        var maps = new int[window.Kernel.Height * window.Kernel.Width][];
        var (height, width, sourceHeight, sourceWidth) = (result[1], result[2], source[1], source[2]);
        for (var tap = 0; tap < maps.Length; tap++)
        {
            var (u, v) = (tap / window.Kernel.Width, tap % window.Kernel.Width);
            maps[tap] = new int[height * width];
            for (var p = 0; p < height; p++)
            {
                var y = (p * window.Strides.Height) + (u * window.Dilations.Height) - window.Padding.Top;
                var row = maps[tap].AsSpan(p * width, width);
                row.Fill(-1);
                for (var q = 0; q < width && y >= 0 && y < sourceHeight; q++)
                    if ((q * window.Strides.Width) + (v * window.Dilations.Width) - window.Padding.Left is var x && x >= 0 && x < sourceWidth)
                        row[q] = (y * sourceWidth) + x;
            }
        }
        // A window of one element that stays where it is needs no map.
        return maps.Length == 1 && result[1] == source[1] && result[2] == source[2] && window.Padding == Padding.None && window.Strides == Extent.One ? [] : maps;
    }

    private Error? AddAveragePool(AveragePoolNode node, int value)
    {
        var (info, shape) = (_values[node.Source].Info, _infos[value].Shape);
        var maps = WindowMaps(node.Window, info.Shape, shape);
        var (factors, largest) = (new Felt[shape[1] * shape[2]], 0L);
        for (var p = 0; p < factors.Length; p++)
        {
            var inside = maps.Length == 0 ? 1 : maps.Count(map => map[p] >= 0);
            factors[p] = Felt.From(node.MultiplierOf(inside));
            largest = Math.Max(largest, (long)node.MultiplierOf(inside) * inside);
        }
        var term = new TapTerm(GridOf(node.Source, GridShape.OfImage(info.Shape)), factors.Length, maps, factors);
        var bounds = (Math.Min(0, info.Min * largest), Math.Max(0, info.Max * largest));
        return AddRequantised(value, GridShape.OfImage(shape), new Accumulator([(term, Once)], [Felt.Zero], [bounds]), node.Requantise);
    }

    private Error? AddRowSum(SumNode node, int value)
    {
        var (source, grid) = (_values[node.Source], GridShape.OfRows(_infos[value].Shape));
        var (length, channels, positions) = (source.Info.Shape.Last, grid.Channels, grid.Positions);
        var addresses = new int[samples * positions * channels][];
        for (var cell = 0; cell < addresses.Length; cell++)
        {
            var (sample, local) = (cell / (positions * channels), cell % (positions * channels));
            var row = grid.ElementOf(local / channels, local % channels);
            addresses[cell] = new int[length];
            for (var i = 0; i < length; i++)
                addresses[cell][i] = source.Addresses[(row * length) + i] + (sample * source.Strides[(row * length) + i]);
        }
        // As the analysis has it: a row of probabilities adds up to one, however long it is.
        var most = (long)Int128.Min(source.Info.RowSum, (Int128)length * source.Info.Magnitude);
        var (low, high) = (Math.Max(source.Info.Min * length, -most) * node.Multiplier, Math.Min(source.Info.Max * length, most) * node.Multiplier);
        return AddRequantised(
            value, grid, new Accumulator([(Sparse(channels, addresses), [Felt.From(node.Multiplier)])], [Felt.Zero], [(low, high)]), node.Requantise);
    }
}
