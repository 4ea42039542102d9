using System.IO.Compression;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Accuracy;

/// <summary>Fashion-MNIST as Debian's <c>dataset-fashion-mnist</c> installs it: grey pictures of 28 x 28 with one of ten labels.</summary>
internal sealed class FashionMnist
{
    public const int Side = 28;

    private const string Folder = "/usr/share/datasets/fashion-mnist";
    private const int ImageHeader = 16;
    private const int LabelHeader = 8;

    private readonly byte[] _pixels;
    private readonly byte[] _labels;

    /// <param name="part"><c>train</c> or <c>t10k</c>.</param>
    public FashionMnist(string part)
    {
        _pixels = Unpacked($"{part}-images-idx3-ubyte.gz")[ImageHeader..];
        _labels = Unpacked($"{part}-labels-idx1-ubyte.gz")[LabelHeader..];
    }

    public int Count => _labels.Length;

    public long[] Image(int index)
    {
        var image = new long[Side * Side];
        for (var i = 0; i < image.Length; i++)
            image[i] = _pixels[index * image.Length + i];
        return image;
    }

    public int Label(int index) => _labels[index];

    private static byte[] Unpacked(string name)
    {
        var path = Path.Combine(Folder, name);
        if (!File.Exists(path))
            throw new AivmException(Failure.Environment, "dataset-missing", $"{path} is missing: apt-get install dataset-fashion-mnist.");
        using var source = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        source.CopyTo(bytes);
        return bytes.ToArray();
    }
}
