using System.Globalization;
using System.Runtime.InteropServices;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Inference;

/// <summary>The public models of ../shared/vectors/models (or $AIVM_VECTORS), compiled as a user would.</summary>
internal static class ModelFiles
{
    private static readonly string Folder = Path.Combine(
        Environment.GetEnvironmentVariable("AIVM_VECTORS") ?? Path.Combine(Repository.Root, "..", "shared", "vectors"), "models");

    public static IEnumerable<(string Name, Func<Workload> Create)> All =>
    [
        ("resnet8", () => Image("resnet8", "resnet8_cifar10.onnx", RandomBytes(32 * 32 * 3), scale: 1, calibration: null)),
        ("mobilenetv1-0.25", () => Image("mobilenetv1-0.25", "mobilenetv1_025_vww96.onnx", RandomBytes(96 * 96 * 3), scale: 1 / 255.0, calibration: null)),
        ("ad-autoencoder", Autoencoder),
        ("fashion-lenet", () => Fashion("fashion-lenet", "fashion_lenetish.onnx")),
        ("fashion-dscnn", () => Fashion("fashion-dscnn", "fashion_dscnn.onnx")),
        ("hmda-trees", () => Table("hmda-trees", "hmda", "xgb100x6")),
        ("credit-trees", () => Table("credit-trees", "credit", "xgb100x6")),
        ("hmda-logistic", () => Table("hmda-logistic", "hmda", "logreg")),
        ("credit-logistic", () => Table("credit-logistic", "credit", "logreg")),
    ];

    private static Workload Fashion(string name, string file)
    {
        var calibration = InputFiles.Read(Path.Combine(Repository.Root, "samples", "image-classifier", "calibration.npz"));
        return Image(name, file, InputFiles.Read(Find("fashion_test500.npz")).Bytes(0), 1 / 255.0, calibration);
    }

    private static Workload Image(string name, string file, long[] pixels, double scale, SampleSet? calibration)
    {
        var onnx = File.ReadAllBytes(Find(file));
        var compiled = OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.U8(), Scale = scale, Calibration = calibration });
        return new Workload(name, Workload.Load(compiled.Container), [pixels], new RuntimeSession(onnx, [.. pixels.Select(pixel => (float)(pixel * scale))]));
    }

    private static Workload Table(string name, string table, string kind)
    {
        const int decimals = 9;
        var onnx = File.ReadAllBytes(Find($"{table}_{kind}.onnx"));
        var rows = InputFiles.Read(Find($"{table}_x300.csv"));
        var model = Workload.Load(OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(decimals) }).Container);
        var all = Enumerable.Range(0, rows.Count);
        return new Workload(
            name, model, [.. all.Select(row => rows.Fixed(row, decimals, ElementTypes.MissingInput))],
            new RuntimeSession(onnx, [.. all.Select(row => rows.Reals(row).Select(value => (float)value).ToArray())]));
    }

    /// <summary>Windows of five frames of 128 log-mel features.</summary>
    private static Workload Autoencoder()
    {
        const int decimals = 4;
        const int width = 5 * 128;
        var features = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Find("normal_id_01_00000000_hist_librosa.bin"))).ToArray();
        var windows = Enumerable.Range(0, (features.Length / 128) - 4).Select(frame => features[(frame * 128)..((frame * 128) + width)]).ToArray();
        var samples = Samples(windows);
        var onnx = File.ReadAllBytes(Find("ad01_autoencoder.onnx"));
        var compiled = OnnxCompiler.Compile(onnx, new CompileOptions { Input = new InputFormat.Fixed(decimals), Calibration = samples });
        return new Workload("ad-autoencoder", Workload.Load(compiled.Container), [samples.Fixed(0, decimals)], new RuntimeSession(onnx, windows[0]));
    }

    private static SampleSet Samples(float[][] rows)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("aivm-benchmark-").FullName, "samples.csv");
        try
        {
            File.WriteAllLines(path, rows.Select(row => string.Join(',', row.Select(value => value.ToString(CultureInfo.InvariantCulture)))));
            return InputFiles.Read(path);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    private static long[] RandomBytes(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(256))];
    }

    /// <summary>The path of a model or of its inputs.</summary>
    public static string Find(string file)
    {
        var path = Path.Combine(Folder, file);
        return File.Exists(path) ? path : throw new AivmException(Failure.Environment, "vectors-missing", $"{path} is missing: set AIVM_VECTORS to the folder that holds models/.");
    }
}
