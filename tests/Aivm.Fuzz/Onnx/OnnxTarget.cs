using Aivm.Compiler;
using Aivm.Fuzz.Containers;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Fuzz.Onnx;

/// <summary>ONNX files: compiled, to the same bytes each time, or refused by name.</summary>
internal sealed class OnnxTarget(string? moreSeeds) : FuzzTarget
{
    private const int MaxSeedLength = 4096;

    /// <summary>Of <see cref="OnnxCompiler.Compile"/>.</summary>
    private static readonly HashSet<string> Codes = new(StringComparer.Ordinal)
    {
        "onnx-corrupt", "onnx-invalid", "onnx-too-large", "onnx-external-data", "unsupported-operator", "unsupported-opset", "unsupported-shape",
        "unsupported-input", "unsupported-output", "unsupported-tensor", "unsupported-model", "compile-options",
    };

    /// <summary>Lower than a person's: a file that asks for more is refused as it would be at the real limit.</summary>
    private const long MaxWork = 1 << 14;

    public override string Name => "onnx";

    internal override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. OnnxSeeds.Create(),
        .. moreSeeds is null ? [] : Directory.EnumerateFiles(moreSeeds, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Where(path => new FileInfo(path).Length <= MaxSeedLength).Select(File.ReadAllBytes),
    ];

    internal override byte[] Mutate(byte[] parent, byte[] other, Random random)
    {
        if (random.Next(64) == 0)
            return (byte[])parent.Clone();
        var changed = random.Next(8) == 0 ? null : ProtoMutations.TryChange(parent, other, random);
        return changed is null || random.Next(16) == 0 ? ByteMutations.Change(changed ?? parent, other, random) : changed;
    }

    internal override Outcome Check(byte[] input, Random random)
    {
        var options = new CompileOptions
        {
            Input = random.Next(4) switch { 0 => new InputFormat.U8(), 1 => new InputFormat.Fixed(0), 2 => new InputFormat.Fixed(18), _ => new InputFormat.Fixed(3) },
            Scale = random.Next(8) switch { 0 => 1.0 / 255, 1 => -1e-3, 2 => 1e20, _ => 1 },
            Precision = random.Next(16) == 0 ? PrecisionMode.Auto : random.Next(4) == 0 ? PrecisionMode.S16 : PrecisionMode.S8,
            MaxWork = MaxWork,
            MaxSamples = 1 + random.Next(2),
        };
        CompileResult result;
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            result = OnnxCompiler.Compile(input, options);
        }
        catch (AivmException refusal)
        {
            CheckMemory(input, GC.GetAllocatedBytesForCurrentThread() - before);
            Require(refusal.Failure == Failure.Input && Codes.Contains(refusal.Error.Code), $"an unknown refusal: {refusal.Error}");
            return Outcome.Refused(refusal.Error);
        }
        CheckMemory(input, GC.GetAllocatedBytesForCurrentThread() - before);
        if (random.Next(16) == 0)
            CheckResult(input, options, result, random);
        return new Outcome(Outcome.Accepted, Signature(result));
    }

    /// <summary>The stated bound with this work: constants that the file folds, what the file itself holds, and samples of what is computed from them.</summary>
    private static void CheckMemory(byte[] input, long allocated) =>
        Require(allocated <= (1L << 30) + (256L * input.Length), $"compiling {input.Length} bytes took {allocated} bytes of memory");

    private static void CheckResult(byte[] input, CompileOptions options, CompileResult result, Random random)
    {
        Require(OnnxCompiler.Compile(input, options).Container.AsSpan().SequenceEqual(result.Container), "other bytes at the second compilation");
        Require(Model.TryLoad(result.Container, ModelLimits.OnChain, out var model, out var error) || error.Code.StartsWith("limit-", StringComparison.Ordinal), $"{error}");
        if (model is not null)
            ModelCheck.Run(result.Container, model, random);
    }

    private static ulong Signature(CompileResult result)
    {
        var signature = new Signature();
        foreach (var layer in result.Report.Layers)
        {
            signature.Add(layer.Source);
            signature.Add(layer.Operator);
            signature.Add(layer.Type);
        }
        return signature.Value;
    }
}
