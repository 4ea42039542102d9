using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>Between [C, H, W] and [H, W, C].</summary>
internal sealed unsafe class ConvertLayoutStep(Tensor source, Tensor destination) : Step
{
    private readonly int _channels = source.Info.Shape[0];
    private readonly int _positions = source.Info.Shape[1] * source.Info.Shape[2];

    public override void Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        var to = memory + destination.Block.Offset;
        // A planar tensor is a matrix of channels by positions; the other layout is its transpose.
        var (rows, columns) = source.Layout == Layout.Planar ? (_channels, _positions) : (_positions, _channels);
        switch (ElementTypes.SizeOf(source.Type))
        {
            case 1:
                TransposeMatrix(from, to, rows, columns);
                break;
            case 2:
                TransposeMatrix((ushort*)from, (ushort*)to, rows, columns);
                break;
            case 4:
                TransposeMatrix((uint*)from, (uint*)to, rows, columns);
                break;
            default:
                TransposeMatrix((ulong*)from, (ulong*)to, rows, columns);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposeMatrix<T>(T* from, T* to, int rows, int columns)
        where T : unmanaged
    {
        // In squares, so that neither side leaves the cache.
        const int side = 32;
        unchecked
        {
            for (var firstRow = 0; firstRow < rows; firstRow += side)
            {
                var endRow = Math.Min(rows, firstRow + side);
                for (var firstColumn = 0; firstColumn < columns; firstColumn += side)
                {
                    var endColumn = Math.Min(columns, firstColumn + side);
                    for (var column = firstColumn; column < endColumn; column++)
                    {
                        var target = to + ((long)column * rows);
                        var source = from + column;
                        for (var row = firstRow; row < endRow; row++)
                            target[row] = source[(long)row * columns];
                    }
                }
            }
        }
    }
}

/// <summary>Any permutation of axes: walks the result in order and the source by strides.</summary>
internal sealed unsafe class TransposeStep : Step
{
    private readonly Tensor _source;
    private readonly Tensor _destination;
    private readonly int[] _shape = new int[GraphAnalysis.MaxRank];
    private readonly long[] _strides = new long[GraphAnalysis.MaxRank];

    public TransposeStep(Tensor source, Tensor destination, ReadOnlySpan<int> permutation)
    {
        (_source, _destination) = (source, destination);
        Array.Fill(_shape, 1);
        // Right-aligned, with leading axes of length 1.
        var shift = GraphAnalysis.MaxRank - permutation.Length;
        for (var i = 0; i < permutation.Length; i++)
        {
            _shape[shift + i] = source.Info.Shape[permutation[i]];
            _strides[shift + i] = 1;
            for (var axis = permutation[i] + 1; axis < permutation.Length; axis++)
                _strides[shift + i] *= source.Info.Shape[axis];
        }
    }

    public override void Run(byte* memory)
    {
        var from = memory + _source.Block.Offset;
        var to = memory + _destination.Block.Offset;
        switch (ElementTypes.SizeOf(_source.Type))
        {
            case 1:
                Copy(from, ref to, 0);
                break;
            case 2:
                var to16 = (ushort*)to;
                Copy((ushort*)from, ref to16, 0);
                break;
            case 4:
                var to32 = (uint*)to;
                Copy((uint*)from, ref to32, 0);
                break;
            default:
                var to64 = (ulong*)to;
                Copy((ulong*)from, ref to64, 0);
                break;
        }
    }

    private void Copy<T>(T* from, ref T* to, int axis)
        where T : unmanaged
    {
        var (length, stride) = (_shape[axis], _strides[axis]);
        if (axis == GraphAnalysis.MaxRank - 1 && stride == 1)
        {
            new ReadOnlySpan<T>(from, length).CopyTo(new Span<T>(to, length));
            to += length;
            return;
        }
        for (var i = 0; i < length; i++)
        {
            if (axis == GraphAnalysis.MaxRank - 1)
                *to++ = from[i * stride];
            else
                Copy(from + (i * stride), ref to, axis + 1);
        }
    }
}
