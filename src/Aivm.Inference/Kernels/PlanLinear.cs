namespace Aivm.Inference;

internal sealed partial class PlanBuilder
{
    private void AddConv(ConvNode node, int value)
    {
        var requantiser = new Requantiser(node.Requantise, node.Bias.Count, _level);
        if (_level == SimdLevel.Scalar || LinearWork.IsNarrow(node.Weights, node.Groups))
            AddPlanarConv(node, value, requantiser);
        else
            AddVectorConv(node, value, requantiser);
    }

    private void AddPlanarConv(ConvNode node, int value, Requantiser requantiser)
    {
        var source = Use(node.Source, Layout.Planar);
        var result = Define(value, Layout.Planar);
        var plane = Allocate(4L * result.Info.Shape[1] * result.Info.Shape[2]);
        Add(new PlanarConvStep(node, source, result, plane, requantiser, _level), source.Block, result.Block, plane);
    }

    private void AddVectorConv(ConvNode node, int value, Requantiser requantiser)
    {
        var source = Use(node.Source, Layout.ChannelsLast);
        var result = Define(value, Layout.ChannelsLast);
        var form = FormOf(source);
        var (padded, scratch) = Pad(source, node.Window.Padding, form);
        var pixel = (long)source.Info.Shape[0] * PadSource.SizeOf(source, form);
        var row = node.Window.PaddedWidth(source.Info.Shape[2]) * pixel;
        var plane = new LinearPlane(result.Info.Shape[1], result.Info.Shape[2], node.Window.Strides.Height * row, node.Window.Strides.Width * pixel);
        Step step;
        if (LinearWork.IsDepthwise(node.Weights, node.Groups))
        {
            var (kernel, dilations) = (node.Window.Kernel, node.Window.Dilations);
            var geometry = new DepthwiseGeometry(node.Groups, kernel.Height, kernel.Width, plane, dilations.Height * row, dilations.Width * pixel);
            step = new DepthwiseStep(padded, result.Block, geometry, requantiser.ElementSize, [.. CreateDepthwise(node, geometry, requantiser, form)]);
        }
        else
        {
            var weights = new PackedWeights(node.Weights, node.Bias, node.Window, node.Groups, form, source.Info.Shape[0], row);
            step = CreateLinear(form, padded, result.Block, weights, requantiser, node.Groups, plane, pixel / node.Groups);
        }
        Add(step, scratch is null ? [source.Block, result.Block] : [source.Block, result.Block, scratch]);
    }

    private void AddDense(DenseNode node, int value)
    {
        var requantiser = new Requantiser(node.Requantise, node.Bias.Count, _level);
        var source = Use(node.Source, Layout.Planar);
        var result = Define(value, Layout.Planar);
        if (_level != SimdLevel.Scalar)
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
        var form = FormOf(source);
        var (padded, scratch) = Pad(image, Padding.None, form);
        var pixel = (long)inputs * PadSource.SizeOf(source, form);
        var kernel = Constant.FromBytes(ElementType.S8, [node.Bias.Count, inputs, 1, 1], node.Weights.Bytes);
        var weights = new PackedWeights(kernel, node.Bias, new Window { Kernel = Extent.One }, groups: 1, form, inputs, pixel);
        var step = CreateLinear(form, padded, result.Block, weights, requantiser, groups: 1, new LinearPlane(1, rows, pixel, pixel), groupBytes: 0);
        Add(step, scratch is null ? [source.Block, result.Block] : [source.Block, result.Block, scratch]);
    }

    private Step CreateLinear(
        SourceForm form, PadSource source, Block destination, PackedWeights weights, Requantiser requantiser, int groups, LinearPlane plane, long groupBytes)
    {
        return (_level, form) switch
        {
            (SimdLevel.Vector128, SourceForm.Wide) => Create<Lanes128, Wide128>(),
            (SimdLevel.Vector128, _) => Create<Lanes128, Bytes128>(),
            (SimdLevel.Avx2, SourceForm.Wide) => Create<Lanes256, WideAvx2>(),
            (SimdLevel.Avx2, _) => Create<Lanes256, BytesAvx2>(),
            (SimdLevel.Avx512, SourceForm.Wide) => Create<Lanes256, WideAvx2>(new LinearFoursAvx512<WideAvx512>(weights, requantiser, groups)),
            (SimdLevel.Avx512, _) => Create<Lanes256, BytesAvx2>(new LinearFoursAvx512<BytesAvx512>(weights, requantiser, groups)),
            (_, SourceForm.Wide) => Create<Lanes256, WideVnni>(),
            _ => Create<Lanes256, BytesVnni>(),
        };

        LinearStep<TLanes, TDot> Create<TLanes, TDot>(LinearFours? fours = null)
            where TLanes : struct, ILanes<TLanes>
            where TDot : struct, IDot<TLanes> => new(source, destination, weights, requantiser, fours, groups, plane, groupBytes);
    }

    private IEnumerable<DepthwiseKernel> CreateDepthwise(ConvNode node, DepthwiseGeometry geometry, Requantiser requantiser, SourceForm form)
    {
        var first = _level >= SimdLevel.Avx2 && form != SourceForm.Wide ? DepthwiseLanes.Covered(geometry, requantiser) : 0;
        if (first > 0 && _level == SimdLevel.Vnni)
            yield return new DepthwiseBlocksAvx2<BytesVnni>(geometry, node, requantiser, form);
        else if (first > 0)
            yield return new DepthwiseBlocksAvx2<BytesAvx2>(geometry, node, requantiser, form);
        if (first < geometry.Channels)
        {
            yield return (_level, form) switch
            {
                (SimdLevel.Vector128, SourceForm.Wide) => Create<Lanes128, Wide128>(),
                (SimdLevel.Vector128, _) => Create<Lanes128, Bytes128>(),
                (SimdLevel.Avx2 or SimdLevel.Avx512, SourceForm.Wide) => Create<Lanes256, WideAvx2>(),
                (SimdLevel.Avx2 or SimdLevel.Avx512, _) => Create<Lanes256, BytesAvx2>(),
                (_, SourceForm.Wide) => Create<Lanes256, WideVnni>(),
                _ => Create<Lanes256, BytesVnni>(),
            };
        }

        DepthwiseKernel Create<TLanes, TDot>()
            where TLanes : struct, ILanes<TLanes>
            where TDot : struct, IDot<TLanes> => new DepthwiseBlocks<TLanes, TDot>(geometry, node, requantiser, form, first);
    }

    /// <summary>The unsigned product of bytes serves sources that are never negative; what else is done for the others is a matter of the level.</summary>
    private SourceForm FormOf(Tensor source) =>
        source.Type == ElementType.S16 ? SourceForm.Wide
        : source.IsNonNegative ? SourceForm.Bytes
        : _level == SimdLevel.Vnni ? SourceForm.Offset
        : SourceForm.Wide;

    private (PadSource Source, Block? Scratch) Pad(Tensor source, Padding padding, SourceForm form)
    {
        var scratch = PadSource.IsNeeded(source, padding, form) ? Allocate(PadSource.Bytes(source, padding, form)) : null;
        return (new PadSource(source, padding, form, scratch), scratch);
    }
}
