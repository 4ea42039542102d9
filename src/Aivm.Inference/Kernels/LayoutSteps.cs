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
                Matrices.Transpose(from, to, rows, columns, columns, rows);
                break;
            case 2:
                Matrices.Transpose((ushort*)from, (ushort*)to, rows, columns, columns, rows);
                break;
            case 4:
                Matrices.Transpose((uint*)from, (uint*)to, rows, columns, columns, rows);
                break;
            default:
                Matrices.Transpose((ulong*)from, (ulong*)to, rows, columns, columns, rows);
                break;
        }
    }

}

internal static unsafe class Matrices
{
    /// <param name="fromStride">Elements of the source from one row to the next.</param>
    /// <param name="toStride">Elements of the result from one of the source's columns to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose<T>(T* from, T* to, int rows, int columns, long fromStride, long toStride)
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
                        var target = to + (column * toStride);
                        var source = from + column;
                        for (var row = firstRow; row < endRow; row++)
                            target[row] = source[row * fromStride];
                    }
                }
            }
        }
    }
}
