using System.Globalization;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Cli.Demo;

/// <summary>A model that comes with the repository, with the first rows of its test split.</summary>
/// <param name="Folder">Under <c>samples/</c>, which the build copies beside the executable.</param>
/// <param name="Calibration">A file of training samples, for networks.</param>
/// <param name="Scale">The ONNX input is this times the file's number.</param>
/// <param name="RequiredAgreement">The least fraction of labels that must equal ONNX Runtime's.</param>
/// <param name="Inputs">How many rows the demo runs.</param>
/// <param name="LabelNames">For labels that the model itself only numbers.</param>
internal sealed record Sample(
    string Name,
    string Title,
    string Folder,
    string OnnxName,
    string RowsName,
    string? Calibration,
    InputFormat Input,
    double Scale,
    double RequiredAgreement,
    int Inputs,
    string[] LabelNames)
{
    public static IReadOnlyList<Sample> All { get; } =
    [
        new("loan-approval-logistic", "Mortgage applications, logistic regression", "loan-approval", "logistic.onnx", "rows.csv", null,
            new InputFormat.Fixed(4), 1, 1, 40, []),
        new("loan-approval-trees", "Mortgage applications, gradient-boosted trees", "loan-approval", "trees.onnx", "rows.csv", null,
            new InputFormat.Fixed(4), 1, 1, 40, []),
        new("image-classifier", "Fashion-MNIST images, convolutional network", "image-classifier", "model.onnx", "images.npz", "calibration.npz",
            new InputFormat.U8(), 1.0 / 255, 0.95, 20,
            ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]),
    ];

    public string OnnxFile => PathOf(OnnxName);

    public SampleSet Rows() => InputFiles.Read(PathOf(RowsName));

    public CompileResult Compile() => OnnxCompiler.Compile(Models.OnnxFile.Read(OnnxFile), new CompileOptions
    {
        Input = Input,
        Scale = Scale,
        Calibration = Calibration is null ? null : InputFiles.Read(PathOf(Calibration)),
    });

    /// <summary>A label as people read it.</summary>
    public string NameOf(string label) =>
        int.TryParse(label, out var index) && index < LabelNames.Length ? LabelNames[index] : label;

    /// <summary>What a person sees of each input: the applicant's most telling numbers, or what the picture really shows.</summary>
    public IReadOnlyList<string> DescribeInputs(SampleSet rows)
    {
        var truth = PathOf("labels.csv");
        return File.Exists(truth)
            ? [.. File.ReadLines(truth).Skip(1).Select((label, row) => $"image {row + 1}, {label.Split(',')[^1]}")]
            : [.. Enumerable.Range(0, rows.Count).Select(row => DescribeApplicant(row, rows.Reals(row)))];
    }

    private static string DescribeApplicant(int row, double[] applicant) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row + 1}: pays {applicant[0]:P0} of income, loan {applicant[2]:P0} of value");

    private string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "samples", Folder, file);
}
