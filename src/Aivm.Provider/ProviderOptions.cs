using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>What a provider asks for one kind of evidence, in wei.</summary>
public sealed record ProviderAsk(JobEvidence Evidence, byte Tier, UInt256 BasePrice, UInt256 PricePerMgas);

/// <summary>What a provider takes on, and how much of the machine it may use for it.</summary>
public sealed record ProviderOptions
{
    /// <summary>Where answers wait until the chain has them, and models are kept. Made if it is not there.</summary>
    public required string Directory { get; init; }

    public IReadOnlyList<ProviderAsk> Asks { get; init; } = [];

    /// <summary>In wei; put up once, when the provider registers.</summary>
    public UInt256 Stake { get; init; }

    /// <summary>Jobs that run at once; the chain offers no more than that.</summary>
    public int Concurrency { get; init; } = 2;

    /// <summary>The time from acceptance to answer that is promised.</summary>
    public uint AnswerSeconds { get; init; } = 60;

    /// <summary>Bytes of memory for models that are ready; of an ONNX file its length counts, and a longer one is declined.</summary>
    public long ModelMemory { get; init; } = 512L << 20;

    /// <summary>The longest container that is taken, in bytes: it is read whole.</summary>
    public int MaxModelBytes { get; init; } = 64 << 20;

    /// <summary>Bytes that models, inputs and answers may take on the disk together; when they do, jobs that need more are declined.</summary>
    public long DiskBytes { get; init; } = 4L << 30;

    public int ProofThreads { get; init; } = Math.Max(1, Environment.ProcessorCount);

    /// <summary>Threads of one run in ONNX Runtime.</summary>
    public int FloatThreads { get; init; } = Math.Max(1, Environment.ProcessorCount);

    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether the keys of an attested session are left to the next process; not for a chain that goes with this one.</summary>
    public bool KeepsSessionKeys { get; init; } = true;

    /// <summary>Models of the chain whose weights are ours alone: jobs for them are answered with proofs. They stay the caller's to dispose of.</summary>
    public IReadOnlyList<PrivateWeights> Private { get; init; } = [];

    /// <summary>Models off the chain and inputs by digest come from here; null: such jobs are declined.</summary>
    public IContentStore? Content { get; init; }
}
