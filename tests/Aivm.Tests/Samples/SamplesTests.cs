using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Aivm.Tests.Samples;

/// <summary>The files of <c>samples/</c> are what their README says: ONNX Runtime is the witness.</summary>
public sealed class SamplesTests
{
    private const int Pixels = 28 * 28;

    private static string Folder(string name) => Path.Combine(Repository.Root, "samples", name);

    [Theory]
    [InlineData("logistic")]
    [InlineData("trees")]
    public void A_loan_model_gives_the_probabilities_and_labels_of_the_libraries_that_trained_it(string model)
    {
        using var session = new InferenceSession(Path.Combine(Folder("loan-approval"), $"{model}.onnx"));
        var audit = Table("rows-audit.csv");
        var column = Array.IndexOf(audit[0], model);
        foreach (var (row, expected) in Table("rows.csv").Skip(1).Zip(audit.Skip(1)))
        {
            var values = Array.ConvertAll(row, text => float.Parse(text, CultureInfo.InvariantCulture));
            using var outputs = session.Run([NamedOnnxValue.CreateFromTensor("applicant", new DenseTensor<float>(values, [1, values.Length]))]);
            var label = outputs.Single(output => output.Name == "label").AsEnumerable<string>().Single();
            var probabilities = outputs.Single(output => output.Name == "probabilities").AsTensor<float>();
            var approval = double.Parse(expected[column], CultureInfo.InvariantCulture);
            Assert.Equal(approval, probabilities[0, 1], 1e-5);
            Assert.Equal(approval > 0.5 ? "approved" : "denied", label);
        }
    }

    [Fact]
    public void The_loan_models_do_not_see_the_protected_attribute_and_the_audit_rows_keep_it()
    {
        var rows = Table("rows.csv");
        var audit = Table("rows-audit.csv");
        Assert.Equal(["pirat", "hirat", "lvrat", "chist", "mhist", "phist", "unemp", "selfemp", "insurance", "condomin", "single", "hschool"], rows[0]);
        Assert.Contains("afam", audit[0]);
        Assert.Equal(1 + 40, rows.Length);
        Assert.Equal(rows.Length, audit.Length);
    }

    [Fact]
    public void The_image_classifier_names_46_of_the_50_images()
    {
        using var session = new InferenceSession(Path.Combine(Folder("image-classifier"), "model.onnx"));
        var images = Images("images.npz");
        var labels = File.ReadLines(Path.Combine(Folder("image-classifier"), "labels.csv")).Skip(1)
            .Select(line => long.Parse(line.Split(',')[0], CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(50, labels.Length);
        Assert.Equal(labels.Length * Pixels, images.Length);
        var right = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            var pixels = Array.ConvertAll(images[(i * Pixels)..((i + 1) * Pixels)], value => value / 255f);
            using var outputs = session.Run([NamedOnnxValue.CreateFromTensor("image", new DenseTensor<float>(pixels, [1, 1, 28, 28]))]);
            var label = outputs.Single(output => output.Name == "label").AsEnumerable<long>().Single();
            var probabilities = outputs.Single(output => output.Name == "probabilities").AsEnumerable<float>().ToArray();
            Assert.Equal(probabilities.IndexOf(probabilities.Max()), label);
            right += label == labels[i] ? 1 : 0;
        }
        Assert.Equal(46, right);
    }

    private static string[][] Table(string file) =>
        [.. File.ReadLines(Path.Combine(Folder("loan-approval"), file)).Select(line => line.Split(','))];

    /// <summary>The bytes of the one array in an NPZ: behind the magic (8 bytes) stands the length of the header.</summary>
    private static byte[] Images(string file)
    {
        using var archive = ZipFile.OpenRead(Path.Combine(Folder("image-classifier"), file));
        using var entry = archive.GetEntry("x.npy")!.Open();
        using var copy = new MemoryStream();
        entry.CopyTo(copy);
        var bytes = copy.ToArray();
        return bytes[(10 + BitConverter.ToUInt16(bytes, 8))..];
    }
}
