using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Cli.Demo;

/// <summary>A model that comes with the repository, with the first rows of its test split.</summary>
/// <param name="Folder">Under <c>samples/</c>, which the build copies beside the executable.</param>
/// <param name="Calibration">A file of training samples, for networks.</param>
/// <param name="Scale">The ONNX input is this times the file's number.</param>
/// <param name="RequiredAgreement">The least fraction of labels that must equal ONNX Runtime's.</param>
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
    string[] LabelNames)
{
    public static IReadOnlyList<Sample> All { get; } =
    [
        new("loan-approval-logistic", "Mortgage applications, logistic regression", "loan-approval", "logistic.onnx", "rows.csv", null,
            new InputFormat.Fixed(4), 1, 1, []),
        new("loan-approval-trees", "Mortgage applications, gradient-boosted trees", "loan-approval", "trees.onnx", "rows.csv", null,
            new InputFormat.Fixed(4), 1, 1, []),
        new("image-classifier", "Fashion-MNIST images, convolutional network", "image-classifier", "model.onnx", "images.npz", "calibration.npz",
            new InputFormat.U8(), 1.0 / 255, 0.95,
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

    private string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "samples", Folder, file);
}
