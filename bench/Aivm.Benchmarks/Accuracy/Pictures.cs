using System.Buffers.Binary;

namespace Aivm.Benchmarks.Accuracy;

/// <summary>
/// Pictures for networks whose training data are not at hand: objects of Fashion-MNIST in a random colour before a smooth background,
/// as rows of red, green and blue bytes. Not what the networks learnt, but with the edges, surfaces and contrasts of photographs.
/// </summary>
internal static class Pictures
{
    private const int Channels = 3;

    /// <summary>Points of the background, from which the rest is interpolated.</summary>
    private const int Grid = 6;

    public static long[] Of(FashionMnist objects, int number, int side)
    {
        var random = new Random(number);
        var image = objects.Image(random.Next(objects.Count));
        var background = Background(random);
        double[] colour = [255 * random.NextDouble(), 255 * random.NextDouble(), 255 * random.NextDouble()];
        var opacity = random.NextDouble();
        var picture = new long[side * side * Channels];
        for (var at = 0; at < picture.Length; at++)
        {
            var (y, x, channel) = (at / Channels / side, at / Channels % side, at % Channels);
            var cover = opacity * image[y * FashionMnist.Side / side * FashionMnist.Side + x * FashionMnist.Side / side] / 255;
            var grain = 8 * random.NextDouble();
            picture[at] = (long)Math.Clamp(Between(background[channel], y, x, side) * (1 - cover) + colour[channel] * cover + grain, 0, 255);
        }
        return picture;
    }

    /// <summary>A grey bitmap of 8 bits, scaled to a side: of each square of pixels the first.</summary>
    public static long[] OfBitmap(string path, int side)
    {
        var file = File.ReadAllBytes(path);
        var start = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(10));
        var width = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(18));
        var height = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(22));
        var stride = (width + 3) / 4 * 4;
        var picture = new long[side * side * Channels];
        for (var at = 0; at < picture.Length; at++)
        {
            var (y, x) = (at / Channels / side * height / side, at / Channels % side * width / side);
            // Rows are stored from the bottom.
            picture[at] = file[start + (height - 1 - y) * stride + x];
        }
        return picture;
    }

    private static double[][,] Background(Random random)
    {
        var (brightness, contrast) = (255 * random.NextDouble(), 150 * random.NextDouble());
        var channels = new double[Channels][,];
        for (var c = 0; c < Channels; c++)
        {
            var tint = brightness + 80 * (random.NextDouble() - 0.5);
            channels[c] = new double[Grid, Grid];
            for (var i = 0; i < Grid * Grid; i++)
                channels[c][i / Grid, i % Grid] = tint + contrast * (random.NextDouble() - 0.5);
        }
        return channels;
    }

    private static double Between(double[,] grid, int y, int x, int side)
    {
        var (v, u) = (y * (Grid - 1.0) / side, x * (Grid - 1.0) / side);
        var (row, column) = ((int)v, (int)u);
        var (down, right) = (v - row, u - column);
        return (1 - down) * ((1 - right) * grid[row, column] + right * grid[row, column + 1])
            + down * ((1 - right) * grid[row + 1, column] + right * grid[row + 1, column + 1]);
    }
}
