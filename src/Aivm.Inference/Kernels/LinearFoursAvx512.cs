using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>Tiles of six positions by thirty-two channels; a pair of blocks is a vector of 512 bits.</summary>
internal sealed unsafe class LinearFoursAvx512<TProduct>(PackedWeights weights, Requantiser requantiser, int groups) : LinearFours
    where TProduct : struct, IProduct512
{
    private readonly long _pixel = (long)groups * weights.GroupChannels * requantiser.ElementSize;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(byte* destination, LinearBlocks blocks, PositionWalk walk, long positions)
    {
        var accumulators = stackalloc int[Tile512.Rows * Tile512.Columns];
        var isPlain = requantiser.IsPlain && blocks.Channels == Tile512.Columns;
        var finish = new Finish512(requantiser);
        var output = requantiser.Output;
        var taps = weights.Taps;
        var length = weights.Chunks * 4L;
        unchecked
        {
            var second = 2 * weights.BlockBytes;
            var half = 16 * requantiser.ElementSize;
            var (f0, f1) = (Vector512.Load(requantiser.FactorsOf(blocks.Channel)), Vector512.Load(requantiser.FactorsOf(blocks.Channel) + 16));
            for (; positions > 0; positions -= Tile512.Rows)
            {
                var p0 = walk.Next();
                var p1 = walk.Next();
                var p2 = walk.Next();
                var p3 = walk.Next();
                var p4 = walk.Next();
                var p5 = walk.Next();
                Tile512.Fill<TProduct>(accumulators, blocks.Bias, p0, p1, p2, p3, p4, p5, taps, length, blocks.Weights, second);
                var count = Math.Min(positions, Tile512.Rows);
                for (var p = accumulators; count > 0; count--, p += Tile512.Columns, destination += _pixel)
                {
                    if (!isPlain)
                    {
                        requantiser.StoreChannels(p, blocks.Channels, blocks.Channel, destination);
                        continue;
                    }
                    finish.Store16(p, f0, output, destination);
                    finish.Store16(p + 16, f1, output, destination + half);
                }
            }
        }
    }
}
