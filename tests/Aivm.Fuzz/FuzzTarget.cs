using Aivm.Primitives;

namespace Aivm.Fuzz;

/// <summary>Something that takes bytes from strangers: where inputs come from, how they change, and what must hold for each.</summary>
public abstract class FuzzTarget
{
    public abstract string Name { get; }

    /// <summary>Sound inputs, the same on every machine.</summary>
    internal abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>A new input from one of the corpus and, for splices, another.</summary>
    internal abstract byte[] Mutate(byte[] parent, byte[] other, Random random);

    /// <summary>Offers the input.</summary>
    /// <exception cref="Exception">What must hold did not: any exception counts.</exception>
    internal abstract Outcome Check(byte[] input, Random random);

    /// <summary>What a report adds, line by line.</summary>
    internal virtual IEnumerable<string> Remarks => [];

    /// <summary>Every target by its name.</summary>
    /// <param name="moreSeeds">A directory with ONNX files; those of a few kilobytes become seeds too.</param>
    public static FuzzTarget Of(string name, string? moreSeeds = null) => name switch
    {
        "container" => new Containers.ContainerTarget(),
        "graph" => new Containers.GraphTarget(),
        "onnx" => new Onnx.OnnxTarget(moreSeeds),
        "csv" or "json" or "npz" => new Inputs.InputTarget(name),
        "proofs-toy" or "proofs" => new Proofs.ProofTarget(name),
        _ => throw new AivmException(Failure.Input, "usage", $"There is no target '{name}': container, graph, onnx, csv, json, npz, proofs-toy or proofs."),
    };

    protected static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }
}

/// <summary>How an input was met.</summary>
/// <param name="Code">The error's code, or <c>accepted</c>.</param>
/// <param name="Signature">What was reached: an input whose signature is new joins the corpus.</param>
internal readonly record struct Outcome(string Code, ulong Signature)
{
    public const string Accepted = "accepted";

    /// <summary>The numbers of a message say little; its words say which check refused, and often of which operator.</summary>
    public static Outcome Refused(Error error)
    {
        var words = new Signature();
        words.Add(error.Code);
        foreach (var letter in error.Message.AsSpan(0, Math.Min(error.Message.Length, 80)))
            if (!char.IsAsciiDigit(letter))
                words.Add(letter);
        return new Outcome(error.Code, words.Value);
    }
}

/// <summary>FNV-1a: the same in every process, which HashCode is not.</summary>
internal struct Signature()
{
    public ulong Value { get; private set; } = 0xCBF29CE484222325;

    public void Add(ulong part) => Value = unchecked((Value ^ part) * 0x100000001B3);

    public void Add(string text)
    {
        foreach (var letter in text)
            Add(letter);
    }
}
