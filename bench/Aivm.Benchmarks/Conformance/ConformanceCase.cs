using Aivm.Compiler;
using Aivm.Compiler.Onnx;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Conformance;

/// <summary>One case of ONNX's own test data: a model, what it is fed and what it answers.</summary>
/// <param name="Group">The folder it lies in: node, simple, pytorch-operator, pytorch-converted.</param>
/// <param name="Inputs">By position; null where the value is no tensor of numbers (a sequence, an absent optional, text).</param>
internal sealed record ConformanceCase(
    string Group, string Name, byte[] Model, IReadOnlyList<ReadOnlyMemory<byte>> InputFiles, IReadOnlyList<Tensor?> Inputs, IReadOnlyList<Tensor?> Outputs)
{
    /// <summary>Where Debian's <c>libonnx-testdata</c> puts them.</summary>
    public const string DefaultFolder = "/usr/share/libonnx-testdata/data";

    /// <summary>All cases, in the order of their names.</summary>
    public static IEnumerable<ConformanceCase> ReadAll(string folder) =>
        from model in Directory.EnumerateFiles(folder, "model.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        select Read(Path.GetDirectoryName(model)!);

    private static ConformanceCase Read(string folder)
    {
        var data = Directory.EnumerateDirectories(folder, "test_data_set_*").Order(StringComparer.Ordinal).First();
        var inputs = Files(data, "input").ToArray();
        return new ConformanceCase(
            Path.GetFileName(Path.GetDirectoryName(folder)!), Path.GetFileName(folder), File.ReadAllBytes(Path.Combine(folder, "model.onnx")),
            inputs, [.. inputs.Select(TryReadTensor)], [.. Files(data, "output").Select(TryReadTensor)]);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Files(string folder, string kind)
    {
        for (var i = 0; File.Exists(Path.Combine(folder, $"{kind}_{i}.pb")); i++)
            yield return File.ReadAllBytes(Path.Combine(folder, $"{kind}_{i}.pb"));
    }

    private static Tensor? TryReadTensor(ReadOnlyMemory<byte> file)
    {
        try
        {
            return TensorReader.Read(new ProtoReader(file)).Tensor;
        }
        catch (AivmException)
        {
            return null;
        }
    }
}
