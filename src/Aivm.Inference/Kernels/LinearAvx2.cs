namespace Aivm.Inference;

/// <summary>Convolutions and dense layers: tiles of four positions by sixteen channels, over channels-last tensors. A dense layer is a 1 x 1 convolution of rows.</summary>
internal sealed unsafe class LinearAvx2Step<TDot> : Step
    where TDot : struct, IDot
{
    private readonly PadSource _source;
    private readonly Block _destination;
    private readonly PackedWeights _weights;
    private readonly Requantiser _requantiser;
    private readonly int _groups;
    private readonly int _channels;
    private readonly long _groupBytes;
    private readonly int _rows;
    private readonly int _columns;
    private readonly long _rowStride;
    private readonly long _columnStride;

    /// <param name="rows">Of the result. Rows and columns are one where every position follows the last at the same distance.</param>
    /// <param name="rowStride">Bytes of the padded source from one row of the result to the next.</param>
    /// <param name="groupBytes">Bytes of the source from one group to the next.</param>
    public LinearAvx2Step(
        PadSource source, Block destination, PackedWeights weights, Requantiser requantiser,
        int groups, int rows, int columns, long rowStride, long columnStride, long groupBytes)
    {
        (_source, _destination, _weights, _requantiser) = (source, destination, weights, requantiser);
        (_groups, _channels, _groupBytes) = (groups, groups * weights.GroupChannels, groupBytes);
        (_rows, _columns, _rowStride, _columnStride) = (rows, columns, rowStride, columnStride);
    }

    public override void Run(byte* memory)
    {
        var source = _source.Run(memory);
        var destination = memory + _destination.Offset;
        var isSingle = _rows == 1 && _columns == 1;
        for (var group = 0; group < _groups; group++, source += _groupBytes)
        {
            for (var block = 0; block < _weights.Blocks;)
            {
                if (isSingle)
                    block += RunSingle(source, destination, group, block);
                else if (block + 2 <= _weights.Blocks)
                    block += RunPlane(source, destination, group, block, blocks: 2);
                else
                    block += RunPlane(source, destination, group, block, blocks: 1);
            }
        }
    }

    /// <summary>One position: the weights are read once, so that many channels share the source.</summary>
    private int RunSingle(byte* source, byte* destination, int group, int block)
    {
        var accumulators = stackalloc int[32];
        var blocks = 1;
        if (block + 4 <= _weights.Blocks)
        {
            TileAvx2<TDot>.Run1x4(source, _weights.Taps, _weights.Chunks, _weights.WeightsOf(group, block), _weights.BlockBytes, _weights.BiasOf(group, block), accumulators);
            blocks = 4;
        }
        else
        {
            TileAvx2<TDot>.Run1x1(source, _weights.Taps, _weights.Chunks, _weights.WeightsOf(group, block), _weights.BiasOf(group, block), accumulators);
        }
        var first = block * PackedWeights.BlockChannels;
        var channel = (group * _weights.GroupChannels) + first;
        var channels = Math.Min(blocks * PackedWeights.BlockChannels, _weights.GroupChannels - first);
        _requantiser.StoreChannels(accumulators, channels, channel, destination + ((long)channel * _requantiser.ElementSize));
        return blocks;
    }

    /// <summary>All positions, four at a time; the last tile repeats its last position.</summary>
    private int RunPlane(byte* source, byte* destination, int group, int block, int blocks)
    {
        var accumulators = stackalloc int[64];
        var positions = stackalloc byte*[4];
        var w0 = _weights.WeightsOf(group, block);
        var bias = _weights.BiasOf(group, block);
        var pixel = (long)_channels * _requantiser.ElementSize;
        var total = (long)_rows * _columns;
        var first = block * PackedWeights.BlockChannels;
        var channel = (group * _weights.GroupChannels) + first;
        var channels = Math.Min(blocks * PackedWeights.BlockChannels, _weights.GroupChannels - first);
        var row = source;
        var column = 0;
        for (var done = 0L; done < total; done += 4)
        {
            var count = (int)Math.Min(4, total - done);
            for (var p = 0; p < 4; p++)
            {
                positions[p] = p < count ? row + (column * _columnStride) : positions[count - 1];
                if (p < count && ++column == _columns)
                {
                    column = 0;
                    row += _rowStride;
                }
            }
            if (blocks == 2)
                TileAvx2<TDot>.Run4x2(positions[0], positions[1], positions[2], positions[3], _weights.Taps, _weights.Chunks, w0, w0 + _weights.BlockBytes, bias, accumulators);
            else
                TileAvx2<TDot>.Run4x1(positions[0], positions[1], positions[2], positions[3], _weights.Taps, _weights.Chunks, w0, bias, accumulators);
            _requantiser.StoreTile(accumulators, count, channels, channel, destination + ((long)channel * _requantiser.ElementSize), pixel);
            destination += count * pixel;
        }
        return blocks;
    }
}
