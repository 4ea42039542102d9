using System.IO.Compression;
using System.Runtime.InteropServices;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Tests.Compiler;

/// <summary>Fashion-MNIST: integers lose at most 0.3 points of accuracy against ONNX Runtime in fp32.</summary>
public sealed class FashionTests
{
    private const int NpyHeader = 128;
    private const string DataSet = "/usr/share/datasets/fashion-mnist";

    /// <summary>Of 500 images ONNX Runtime gets as many right as <paramref name="right"/>; 0.3 points are 1.5 images.</summary>
    [Theory]
    [InlineData("fashion_lenetish", 467, 0.99)]
    [InlineData("fashion_dscnn", 462, 0.98)]
    public void The_500_images_of_the_vectors_keep_their_accuracy(string name, int right, double agreement)
    {
        var archive = File.ReadAllBytes(SharedVectors.Require("models/fashion_test500.npz"));
        var images = InputFiles.Read(archive, "npz");
        var labels = Labels(archive);
        Assert.Equal(500, images.Count);
        Assert.Equal(500, labels.Length);
        var result = Classify(name, images.Count, images.Bytes);
        Assert.Equal(right, Right(result.Theirs, labels));
        Assert.InRange(Right(result.Ours, labels), right - 1, 500);
        Assert.InRange(Agreement(result), agreement, 1);
    }

    [Theory]
    [InlineData("fashion_lenetish", 9229)]
    [InlineData("fashion_dscnn", 9129)]
    public void All_10000_test_images_keep_their_accuracy_within_0_3_points(string name, int right)
    {
        Assert.SkipUnless(Directory.Exists(DataSet), "Debian's dataset-fashion-mnist is not installed");
        var pixels = Unpacked("t10k-images-idx3-ubyte.gz", header: 16);
        var labels = Unpacked("t10k-labels-idx1-ubyte.gz", header: 8).Select(label => (int)label).ToArray();
        Assert.Equal(10_000, labels.Length);
        var result = Classify(name, labels.Length, row => [.. pixels.AsSpan(row * 784, 784).ToArray().Select(pixel => (long)pixel)]);
        Assert.Equal(right, Right(result.Theirs, labels));
        Assert.InRange(Right(result.Ours, labels), right - 30, 10_000);
        Assert.InRange(Agreement(result), 0.99, 1);
    }

    private static (int[] Ours, int[] Theirs) Classify(string name, int count, Func<int, long[]> image)
    {
        var onnx = File.ReadAllBytes(SharedVectors.Require($"models/{name}.onnx"));
        var calibration = InputFiles.Read(Path.Combine(Repository.Root, "samples", "image-classifier", "calibration.npz"));
        var model = Onnx.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.U8(), Scale = 1 / 255.0, Calibration = calibration }));
        using var session = Onnx.Session(onnx);
        var (ours, theirs) = (new int[count], new int[count]);
        for (var row = 0; row < count; row++)
        {
            var pixels = image(row);
            ours[row] = Onnx.Largest(Onnx.Reals(model, Onnx.Run(model, pixels), 0));
            theirs[row] = Onnx.Largest(Onnx.Runtime(session, [.. pixels.Select(pixel => pixel / 255.0)]).Values.Single());
        }
        return (ours, theirs);
    }

    private static int Right(int[] decided, int[] labels) => decided.Zip(labels).Count(pair => pair.First == pair.Second);

    private static double Agreement((int[] Ours, int[] Theirs) result) => Right(result.Ours, result.Theirs) / (double)result.Ours.Length;

    /// <summary>The archive's array <c>y</c>: 64-bit integers behind a header.</summary>
    private static int[] Labels(byte[] archive)
    {
        using var entries = new ZipArchive(new MemoryStream(archive));
        var array = All(entries.GetEntry("y.npy")!.Open());
        return [.. MemoryMarshal.Cast<byte, long>(array.AsSpan(NpyHeader)).ToArray().Select(label => (int)label)];
    }

    private static byte[] Unpacked(string name, int header) =>
        All(new GZipStream(File.OpenRead(Path.Combine(DataSet, name)), CompressionMode.Decompress))[header..];

    private static byte[] All(Stream source)
    {
        using (source)
        {
            using var bytes = new MemoryStream();
            source.CopyTo(bytes);
            return bytes.ToArray();
        }
    }
}
