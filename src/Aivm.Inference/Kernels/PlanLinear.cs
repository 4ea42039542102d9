namespace Aivm.Inference;

internal sealed partial class PlanBuilder
{
    private void AddConv(ConvNode node, int value)
    {
        var requantiser = new Requantiser(node.Requantise, node.Bias.Count, _level);
        if (_level >= SimdLevel.Avx2 && LinearWork.IsDepthwise(node.Weights, node.Groups))
            AddDepthwise(node, value, requantiser);
        else if (_level >= SimdLevel.Avx2 && !LinearWork.IsNarrow(node.Weights, node.Groups))
            AddVectorConv(node, value, requantiser);
        else
            AddScalarConv(node, value, requantiser);
    }

    private void AddScalarConv(ConvNode node, int value, Requantiser requantiser)
    {
        var source = Use(node.Source, Layout.Planar);
        var result = Define(value, Layout.Planar);
        var plane = Allocate(4L * result.Info.Shape[1] * result.Info.Shape[2]);
        Add(new ConvScalarStep(node, source, result, plane, requantiser, _level), source.Block, result.Block, plane);
    }

    private void AddVectorConv(ConvNode node, int value, Requantiser requantiser)
    {
        var source = Use(node.Source, Layout.ChannelsLast);
        var result = Define(value, Layout.ChannelsLast);
        var wide = IsWide(source);
        var channels = source.Info.Shape[0];
        var (padded, scratch) = Pad(source, node.Window.Padding, wide, channels);
        var pixel = (long)channels * (wide ? 2 : 1);
        var row = node.Window.PaddedWidth(source.Info.Shape[2]) * pixel;
        var weights = new PackedWeights(node.Weights, node.Bias, node.Window, node.Groups, wide, channels, row);
        var (rows, columns) = (result.Info.Shape[1], result.Info.Shape[2]);
        var (rowStride, columnStride) = (node.Window.Strides.Height * row, node.Window.Strides.Width * pixel);
        var step = CreateLinear(wide, padded, result.Block, weights, requantiser, node.Groups, rows, columns, rowStride, columnStride, pixel / node.Groups);
        Add(step, scratch is null ? [source.Block, result.Block] : [source.Block, result.Block, scratch]);
    }

    private void AddDepthwise(ConvNode node, int value, Requantiser requantiser)
    {
        var source = Use(node.Source, Layout.ChannelsLast);
        var result = Define(value, Layout.ChannelsLast);
        // Widening happens in the kernel: S8 stays S8.
        var wide = source.Type == ElementType.S16;
        var channels = (source.Info.Shape[0] + DepthwiseAvx2Step.BlockChannels - 1) / DepthwiseAvx2Step.BlockChannels * DepthwiseAvx2Step.BlockChannels;
        var (padded, scratch) = Pad(source, node.Window.Padding, wide, channels);
        var row = node.Window.PaddedWidth(source.Info.Shape[2]) * channels * (wide ? 2 : 1);
        var step = new DepthwiseAvx2Step(node, padded, result, requantiser, wide, channels, row);
        Add(step, scratch is null ? [source.Block, result.Block] : [source.Block, result.Block, scratch]);
    }

    private void AddDense(DenseNode node, int value)
    {
        var requantiser = new Requantiser(node.Requantise, node.Bias.Count, _level);
        var source = Use(node.Source, Layout.Planar);
        var result = Define(value, Layout.Planar);
        if (_level >= SimdLevel.Avx2)
        {
            AddVectorDense(node, source, result, requantiser);
            return;
        }
        var row = Allocate(4L * node.Bias.Count);
        Add(new DenseScalarStep(node, source, result, row, requantiser), source.Block, result.Block, row);
    }

    /// <summary>Rows of [..., In] lie in memory as the positions of a channels-last [In, rows, 1].</summary>
    private void AddVectorDense(DenseNode node, Tensor source, Tensor result, Requantiser requantiser)
    {
        var inputs = node.Weights.Shape[1];
        var rows = (int)(source.Elements / inputs);
        var image = source with { Info = source.Info with { Shape = [inputs, rows, 1] }, Layout = Layout.ChannelsLast };
        var wide = IsWide(source);
        var (padded, scratch) = Pad(image, Padding.None, wide, inputs);
        var pixel = (long)inputs * (wide ? 2 : 1);
        var kernel = Constant.FromBytes(ElementType.S8, [node.Bias.Count, inputs, 1, 1], node.Weights.Bytes);
        var weights = new PackedWeights(kernel, node.Bias, new Window { Kernel = Extent.One }, groups: 1, wide, inputs, pixel);
        var step = CreateLinear(wide, padded, result.Block, weights, requantiser, groups: 1, rows, columns: 1, pixel, pixel, groupBytes: 0);
        Add(step, scratch is null ? [source.Block, result.Block] : [source.Block, result.Block, scratch]);
    }

    private static Step CreateLinear(
        bool wide, PadSource source, Block destination, PackedWeights weights, Requantiser requantiser,
        int groups, int rows, int columns, long rowStride, long columnStride, long groupBytes) => wide
        ? new LinearAvx2Step<DotWide>(source, destination, weights, requantiser, groups, rows, columns, rowStride, columnStride, groupBytes)
        : new LinearAvx2Step<DotUnsigned>(source, destination, weights, requantiser, groups, rows, columns, rowStride, columnStride, groupBytes);

    /// <summary>Bytes serve sources that are never negative; everything else goes as 16 bits.</summary>
    private static bool IsWide(Tensor source) => source.Type == ElementType.S16 || !source.IsNonNegative;

    private (PadSource Source, Block? Scratch) Pad(Tensor source, Padding padding, bool wide, int paddedChannels)
    {
        var scratch = PadSource.IsNeeded(source, padding, wide, paddedChannels)
            ? Allocate(PadSource.Bytes(source.Info.Shape, padding, wide, paddedChannels))
            : null;
        return (new PadSource(source, padding, wide, paddedChannels, scratch), scratch);
    }
}
