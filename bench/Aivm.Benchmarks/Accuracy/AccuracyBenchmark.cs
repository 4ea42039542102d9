using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Aivm.Benchmarks.Inference;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Benchmarks.Accuracy;

/// <summary>
/// What integers cost: each model compiled as a user would, and beside it ONNX Runtime on the original file. Calibration samples are
/// never among those that are compared.
/// </summary>
internal sealed class AccuracyBenchmark(AccuracyOptions options, TextWriter log)
{
    private const int CalibrationSamples = 100;
    private const int ComparedPictures = 500;
    private const string Peer = "ONNX Runtime fp32";

    public IReadOnlyList<BenchmarkResult> Run(CancellationToken cancellation)
    {
        var results = new List<BenchmarkResult>();
        var (train, test) = (new FashionMnist("train"), new FashionMnist("t10k"));
        foreach (var (name, file) in new[] { ("fashion-lenet", "fashion_lenetish.onnx"), ("fashion-dscnn", "fashion_dscnn.onnx") })
        {
            var calibration = Enumerable.Range(0, CalibrationSamples).Select(i => train.Image(i * (train.Count / CalibrationSamples)));
            var images = Enumerable.Range(0, options.Images).Select(test.Image);
            var comparison = Compare(name, file, new InputFormat.U8(), 1 / 255.0, calibration, images, cancellation);
            double Right(int[] labels) => 100.0 * labels.Where((label, i) => label == test.Label(i)).Count() / labels.Length;
            results.Add(BenchmarkResult.HigherIsBetter($"{name}-accuracy", Right(comparison.Ours), "%", Peer, Right(comparison.Theirs)));
            results.AddRange(Agreement(name, comparison));
        }
        results.AddRange(Agreement("resnet8", ComparePictures("resnet8", "resnet8_cifar10.onnx", side: 32, scale: 1, train, test, cancellation)));
        results.AddRange(Agreement("mobilenetv1-0.25", ComparePictures("mobilenetv1-0.25", "mobilenetv1_025_vww96.onnx", side: 96, scale: 1 / 255.0, train, test, cancellation)));
        results.Add(Closeness("ad-autoencoder", CompareAutoencoder(cancellation)));
        return results;
    }

    private Comparison ComparePictures(string name, string file, int side, double scale, FashionMnist train, FashionMnist test, CancellationToken cancellation)
    {
        var calibration = Enumerable.Range(0, CalibrationSamples).Select(i => Pictures.Of(train, i, side));
        var pictures = Enumerable.Range(CalibrationSamples, ComparedPictures).Select(i => Pictures.Of(test, i, side));
        string[] bitmaps = ["person.bmp", "no_person.bmp"];
        return Compare(name, file, new InputFormat.U8(), scale, calibration, pictures.Concat(bitmaps.Select(bitmap => Pictures.OfBitmap(ModelFiles.Find(bitmap), side))), cancellation);
    }

    /// <summary>Windows of five frames of 128 log-mel features, every second one for calibration.</summary>
    private Comparison CompareAutoencoder(CancellationToken cancellation)
    {
        const int decimals = 4;
        const int frame = 128;
        var features = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(ModelFiles.Find("normal_id_01_00000000_hist_librosa.bin"))).ToArray();
        var windows = Enumerable.Range(0, (features.Length / frame) - 4)
            .Select(first => features.AsSpan(first * frame, 5 * frame).ToArray().Select(value => (long)Math.Round(value * 10_000.0)).ToArray()).ToArray();
        return Compare(
            "ad-autoencoder", "ad01_autoencoder.onnx", new InputFormat.Fixed(decimals), 1,
            windows.Where((_, i) => i % 2 == 0), windows.Where((_, i) => i % 2 == 1), cancellation);
    }

    private Comparison Compare(
        string name, string file, InputFormat format, double scale, IEnumerable<long[]> calibration, IEnumerable<long[]> samples, CancellationToken cancellation)
    {
        var divisor = format is InputFormat.Fixed(var decimals, _) ? Math.Pow(10, decimals) : 1;
        var onnx = File.ReadAllBytes(ModelFiles.Find(file));
        var compiled = OnnxCompiler.Compile(onnx, new CompileOptions { Input = format, Scale = scale, Calibration = Csv(calibration, divisor), Precision = options.Precision });
        var wide = compiled.Report.Layers.Where(layer => layer.Type == "S16").Select(layer => layer.Name);
        log.WriteLine($"{name}: {compiled.Report.Gas} gas; 16 bits: {string.Join(", ", wide)}");
        var model = Workload.Load(compiled.Container);
        using var peer = new RuntimeSession(onnx, new float[model.InputCount]);
        var input = peer.Input;
        var output = new long[model.OutputCount];
        var unit = Math.Pow(2, -model.Graph.Outputs[0].Exponent);
        var comparison = new Comparison();
        foreach (var sample in samples)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < input.Length; i++)
                input[i] = (float)(sample[i] / divisor * scale);
            peer.Run();
            if (!model.TryRun(sample, output, out var error))
                throw new InvalidOperationException($"{name} refuses a sample: {error}");
            comparison.Add([.. output.Select(value => value * unit)], [.. peer.FirstOutput().Select(value => (double)value)]);
        }
        return comparison;
    }

    private static SampleSet Csv(IEnumerable<long[]> samples, double divisor) => InputFiles.Read(Encoding.UTF8.GetBytes(string.Join('\n', samples.Select(sample =>
        string.Join(',', sample.Select(value => (value / divisor).ToString(CultureInfo.InvariantCulture)))))), "csv");

    private static IEnumerable<BenchmarkResult> Agreement(string name, Comparison comparison) =>
        [new BenchmarkResult($"{name}-agreement", 100 * comparison.Agreement, "% of labels", Peer, 100, comparison.Agreement), Closeness(name, comparison)];

    private static BenchmarkResult Closeness(string name, Comparison comparison) =>
        new($"{name}-outputs", comparison.Decibels, "dB", null, null, null);
}
