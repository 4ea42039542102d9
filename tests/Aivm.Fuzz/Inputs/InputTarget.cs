using Aivm.Compiler.Inputs;
using Aivm.Primitives;

namespace Aivm.Fuzz.Inputs;

/// <summary>Files of samples: read, with one meaning, or refused by name.</summary>
internal sealed class InputTarget : FuzzTarget
{
    private const int MaxRows = 3;

    private readonly string _format;

    public InputTarget(string format)
    {
        (_format, Seeds) = (format, InputSeeds.Create(format));
        // What is made once in a process is no input's.
        foreach (var seed in Seeds)
            InputFiles.Read(seed, format);
    }

    public override string Name => _format;

    internal override IReadOnlyList<byte[]> Seeds { get; }

    internal override byte[] Mutate(byte[] parent, byte[] other, Random random)
    {
        if (_format == "npz")
            return NpzMutations.Change(parent, other, random);
        return random.Next(2) == 0 ? TextMutations.Change(parent, other, random) : ByteMutations.Change(parent, other, random);
    }

    internal override Outcome Check(byte[] input, Random random)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        SampleSet samples;
        try
        {
            samples = InputFiles.Read(input, _format);
        }
        catch (AivmException refusal)
        {
            CheckMemory(input, before);
            Require(refusal.Failure == Failure.Input && refusal.Error.Code is "input-format" or "input-value" or "input-too-large", $"an unknown refusal: {refusal.Error}");
            return Outcome.Refused(refusal.Error);
        }
        CheckMemory(input, before);
        Require(samples.Count > 0 && samples.Shape.Aggregate(1L, (product, extent) => product * extent) == samples.Width, "an empty set of samples");
        // An archive of several arrays has no samples but those that a model asks for.
        Require(samples.Width > 0 || _format == "npz", "samples without values");
        var signature = new Signature();
        signature.Add((ulong)long.Log2(samples.Count));
        signature.Add((ulong)samples.Width);
        for (var row = 0; row < Math.Min(samples.Count, MaxRows); row++)
            signature.Add(ReadRow(samples, row, random));
        return new Outcome(Outcome.Accepted, signature.Value);
    }

    /// <summary>The stated bound: places of numbers and what a text becomes; an archive may hold a thousand times its own size, which is all that its compression can do.</summary>
    private void CheckMemory(byte[] input, long before)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Require(allocated <= (1 << 20) + ((_format == "npz" ? 1200L : 100) * input.Length), $"reading {input.Length} bytes took {allocated} bytes of memory");
    }

    private static ulong ReadRow(SampleSet samples, int row, Random random)
    {
        var decimals = random.Next(19);
        var real = Refusal(() => samples.Reals(row));
        var integers = Refusal(() => samples.Fixed(row, decimals, long.MinValue));
        var bytes = Refusal(() => samples.Bytes(row));
        Require(bytes is not null || real is null, "bytes that are no numbers");
        return (real is null ? 0UL : 1) + (integers is null ? 0UL : 2) + (bytes is null ? 0UL : 4);
    }

    /// <summary>Null where the values were read.</summary>
    private static string? Refusal<T>(Func<T> read)
    {
        try
        {
            read();
            return null;
        }
        catch (AivmException refusal)
        {
            Require(refusal.Error.Code == "input-value", $"an unknown refusal: {refusal.Error}");
            return refusal.Error.Code;
        }
    }
}
