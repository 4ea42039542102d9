using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>
/// Depthwise convolutions of bytes by 32 lanes: 32 channels of a position or, where fewer channels fill 32 lanes a whole number of
/// times and positions follow each other, several positions at once. Unpacking bytes mixes up the lanes, packing results puts them
/// back in order; weights, biases and factors are stored in between's order.
/// </summary>
internal sealed unsafe class DepthwiseBlocksAvx2<TDot> : DepthwiseKernel
    where TDot : struct, IDot<Lanes256>
{
    private const int Lanes = DepthwiseLanes.Count;
    private const int RowsPerChunk = 4;

    private readonly DepthwiseGeometry _geometry;
    private readonly Requantiser _requantiser;
    private readonly bool _isFlat;
    private readonly int _blocks;

    // By block, chunk, column of the kernel and quarter of the lanes: 32 bytes; and by block and lane a bias and a factor.
    private readonly PinnedArray _weights;
    private readonly PinnedArray _biases;
    private readonly PinnedArray _factors;
    private readonly long _blockBytes;

    // By chunk: the offsets of its rows.
    private readonly long[] _rowOffsets;

    public DepthwiseBlocksAvx2(DepthwiseGeometry geometry, ConvNode node, Requantiser requantiser, SourceForm form)
    {
        (_geometry, _requantiser, _isFlat) = (geometry, requantiser, DepthwiseLanes.IsFlat(geometry));
        _blocks = _isFlat ? 1 : geometry.Channels / Lanes;
        _rowOffsets = geometry.RowOffsetsOf(RowsPerChunk);
        _blockBytes = (long)geometry.ChunksOf(RowsPerChunk) * geometry.Width * Lanes * RowsPerChunk;
        _weights = new PinnedArray(_blocks * _blockBytes);
        _biases = new PinnedArray(4L * _blocks * Lanes);
        _factors = new PinnedArray(4L * _blocks * Lanes);
        new Span<byte>(_weights.Pointer, checked((int)_weights.Length)).Clear();
        for (var i = 0; i < _blocks * Lanes; i++)
        {
            var channel = i % geometry.Channels;
            var place = PlaceOf(i % Lanes);
            var block = _weights.Pointer + (i / Lanes * _blockBytes);
            for (var u = 0; u < geometry.Height; u++)
                for (var v = 0; v < geometry.Width; v++)
                    block[((((u / RowsPerChunk * geometry.Width) + v) * Lanes) + place) * RowsPerChunk + (u % RowsPerChunk)] = geometry.WeightOf(node, channel, u, v);
            var lane = (i / Lanes * Lanes) + place;
            ((int*)_biases.Pointer)[lane] = geometry.BiasOf(node, channel, form);
            ((int*)_factors.Pointer)[lane] = requantiser.FactorsOf(channel)[0];
        }
    }

    /// <summary>Unpacking works within halves of a vector: quarter q holds lanes 4q to 4q + 3 of both halves.</summary>
    private static int PlaceOf(int lane) => (lane % 16 / 4 * 8) + (lane / 16 * 4) + (lane % 4);

    public override void RunRow(byte* source, byte* destination)
    {
        var columns = _geometry.Plane.Columns;
        if (_isFlat)
        {
            var elements = columns * _geometry.Channels;
            Run(source, destination, block: 0, elements / Lanes, Lanes, Lanes * _requantiser.ElementSize);
            // What is left lies in the last 32 elements: a whole number of positions.
            if (elements % Lanes != 0)
                Run(source + elements - Lanes, destination + ((elements - Lanes) * _requantiser.ElementSize), block: 0, 1, Lanes, 0);
            return;
        }
        for (var block = 0; block < _blocks; block++)
            Run(source + (block * Lanes), destination + (block * Lanes * _requantiser.ElementSize), block, columns, _geometry.Plane.ColumnStride, (long)_geometry.Channels * _requantiser.ElementSize);
    }

    /// <summary>Positions at a distance from each other, two at a time.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run(byte* source, byte* destination, int block, int count, long stride, long pixel)
    {
        unchecked
        {
            var weights = _weights.Pointer + (block * _blockBytes);
            var bias = (int*)_biases.Pointer + (block * Lanes);
            var factors = (int*)_factors.Pointer + (block * Lanes);
            var finish = new Finish<Lanes256>(_requantiser);
            var output = _requantiser.Output;
            var (width, tap, offsets) = (_geometry.Width, _geometry.TapColumn, _rowOffsets);
            for (; count > 0; count -= 2)
            {
                var (a0, a1, a2, a3) = (Lanes256.Load(bias), Lanes256.Load(bias + 8), Lanes256.Load(bias + 16), Lanes256.Load(bias + 24));
                var (b0, b1, b2, b3) = (a0, a1, a2, a3);
                // An odd last position is computed twice.
                var step = count > 1 ? stride : 0;
                var w = (int*)weights;
                for (var i = 0; i < offsets.Length; i += RowsPerChunk)
                {
                    var r0 = source + offsets[i];
                    var r1 = source + offsets[i + 1];
                    var r2 = source + offsets[i + 2];
                    var r3 = source + offsets[i + 3];
                    for (var v = 0; v < width; v++, w += Lanes)
                    {
                        var (w0, w1, w2, w3) = (Lanes256.Load(w), Lanes256.Load(w + 8), Lanes256.Load(w + 16), Lanes256.Load(w + 24));
                        var stack = new Stack(r0, r1, r2, r3);
                        a0 = TDot.Add(a0, stack.First, w0);
                        a1 = TDot.Add(a1, stack.Second, w1);
                        a2 = TDot.Add(a2, stack.Third, w2);
                        a3 = TDot.Add(a3, stack.Fourth, w3);
                        stack = new Stack(r0 + step, r1 + step, r2 + step, r3 + step);
                        b0 = TDot.Add(b0, stack.First, w0);
                        b1 = TDot.Add(b1, stack.Second, w1);
                        b2 = TDot.Add(b2, stack.Third, w2);
                        b3 = TDot.Add(b3, stack.Fourth, w3);
                        r0 += tap;
                        r1 += tap;
                        r2 += tap;
                        r3 += tap;
                    }
                }
                var (f0, f1, f2, f3) = (Lanes256.Load(factors), Lanes256.Load(factors + 8), Lanes256.Load(factors + 16), Lanes256.Load(factors + 24));
                Store(finish.Rescale(a0, f0), finish.Rescale(a1, f1), finish.Rescale(a2, f2), finish.Rescale(a3, f3), finish, output, destination);
                if (count > 1)
                    Store(finish.Rescale(b0, f0), finish.Rescale(b1, f1), finish.Rescale(b2, f2), finish.Rescale(b3, f3), finish, output, destination + pixel);
                source += 2 * stride;
                destination += 2 * pixel;
            }
        }
    }

    /// <summary>32 lanes of four rows of bytes, by quarters.</summary>
    private readonly struct Stack
    {
        public readonly Lanes256 First;
        public readonly Lanes256 Second;
        public readonly Lanes256 Third;
        public readonly Lanes256 Fourth;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Stack(byte* r0, byte* r1, byte* r2, byte* r3)
        {
            var (x0, x1, x2, x3) = (Vector256.Load(r0), Vector256.Load(r1), Vector256.Load(r2), Vector256.Load(r3));
            var low = Avx2.UnpackLow(x0, x1).AsInt16();
            var high = Avx2.UnpackHigh(x0, x1).AsInt16();
            var otherLow = Avx2.UnpackLow(x2, x3).AsInt16();
            var otherHigh = Avx2.UnpackHigh(x2, x3).AsInt16();
            First = new(Avx2.UnpackLow(low, otherLow).AsInt32());
            Second = new(Avx2.UnpackHigh(low, otherLow).AsInt32());
            Third = new(Avx2.UnpackLow(high, otherHigh).AsInt32());
            Fourth = new(Avx2.UnpackHigh(high, otherHigh).AsInt32());
        }
    }

    /// <summary>Saturating before the clamp changes nothing: the clamp lies within the type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Lanes256 h0, Lanes256 h1, Lanes256 h2, Lanes256 h3, in Finish<Lanes256> finish, ElementType output, byte* to)
    {
        var lower = Avx2.PackSignedSaturate(h0.Vector, h1.Vector);
        var upper = Avx2.PackSignedSaturate(h2.Vector, h3.Vector);
        if (output == ElementType.S8)
        {
            var bytes = Avx2.PackSignedSaturate(lower, upper);
            finish.Clamp(bytes.GetLower()).Store((sbyte*)to);
            finish.Clamp(bytes.GetUpper()).Store(unchecked((sbyte*)to + 16));
            return;
        }
        finish.Clamp(lower.GetLower()).Store((short*)to);
        finish.Clamp(upper.GetLower()).Store(unchecked((short*)to + 8));
        finish.Clamp(lower.GetUpper()).Store(unchecked((short*)to + 16));
        finish.Clamp(upper.GetUpper()).Store(unchecked((short*)to + 24));
    }
}

/// <summary>What <see cref="DepthwiseBlocksAvx2{TDot}"/> can compute.</summary>
internal static class DepthwiseLanes
{
    public const int Count = 32;

    /// <summary>How many channels, from the first.</summary>
    public static int Covered(DepthwiseGeometry geometry, Requantiser requantiser) =>
        !requantiser.IsPlain ? 0
        : IsFlat(geometry) ? geometry.Channels
        : geometry.Channels / Count * Count;

    /// <summary>Whether a row of the result is one run of lanes.</summary>
    public static bool IsFlat(DepthwiseGeometry geometry) =>
        Count % geometry.Channels == 0
        && geometry.Plane.ColumnStride == geometry.Channels
        && (long)geometry.Plane.Columns * geometry.Channels >= Count;
}
