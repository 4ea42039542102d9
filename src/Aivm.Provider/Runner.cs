using Aivm.Primitives;

namespace Aivm.Provider;

/// <summary>A model that is ready to run; any number of threads may do so at once.</summary>
internal interface IRunnable
{
    /// <summary>The model's identity, as answers are signed for it.</summary>
    Hash256 Hash { get; }

    int OutputCount { get; }

    /// <summary>Bytes that it holds while it is kept.</summary>
    long ResidentMemory { get; }

    /// <param name="input">Packed in the declared types, little-endian.</param>
    /// <param name="cancellation">Ends a run that takes too long, where the engine can.</param>
    /// <exception cref="JobRefusal">The model refuses the input; <c>run-too-long</c>.</exception>
    long[] Run(ReadOnlySpan<byte> input, CancellationToken cancellation);
}

/// <summary>Runs of a model on inputs as jobs carry them.</summary>
internal static class Runner
{
    /// <summary>Outputs that fit into an answer, in bytes.</summary>
    private const int MaxOutputBytes = 64 << 10;

    /// <exception cref="JobRefusal">The model refuses the input, or its output is too long for the chain.</exception>
    public static long[] Run(IRunnable model, ReadOnlySpan<byte> input, CancellationToken cancellation) => model.OutputCount <= MaxOutputBytes / sizeof(long)
        ? model.Run(input, cancellation)
        : throw new JobRefusal("output-too-long", $"the model gives {model.OutputCount} numbers; an answer holds {MaxOutputBytes / sizeof(long)}");
}
