using System.Runtime.InteropServices;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>
/// A model's weights behind one commitment. Private ones serve a limited number of proofs: each discloses some columns, and only so many of them say nothing.
/// Public ones serve any number, and the same weights have the same root whoever commits to them.
/// </summary>
public sealed class CommittedWeights : IDisposable
{
    /// <summary>Proofs that one commitment to private weights serves, that of the ranges included.</summary>
    public const int MaxProofs = WeightLayout.MaxOpenings;

    private readonly OracleCommitment _commitment;

    private CommittedWeights(OracleCommitment commitment, FeltArray cells, int[] numbers) => (_commitment, Cells, Numbers) = (commitment, cells, numbers);

    public Hash256 Root => _commitment.Root;

    /// <summary>Proofs made with it, of private weights.</summary>
    public int Used => _commitment.Opened;

    internal FeltArray Cells { get; }

    /// <summary>The cells as integers, without the random ones.</summary>
    internal int[] Numbers { get; }

    /// <summary>Commits to public weights, and tells the circuit them.</summary>
    /// <param name="shape">Of a circuit with <see cref="ProofPrivacy.CommittedWeights"/>.</param>
    /// <param name="graph">With the weights.</param>
    /// <param name="threads">As below.</param>
    public static CommittedWeights CommitPublic(ProofShape shape, Graph graph, int? threads = null) => shape.Weights is { Hiding: false }
        ? Commit(shape, graph, new byte[Blake3.KeyBytes], threads: threads)
        : throw new ArgumentException("The circuit commits to no public weights.", nameof(shape));

    /// <summary>The same for who proves no run, but that the root holds the weights.</summary>
    public static CommittedWeights CommitPublic(PublicWeightsShape shape, Graph graph, int? threads = null) =>
        Commit(shape.Weights, shape.Places, shape.Places.Reveal(graph), new byte[Blake3.KeyBytes], used: 0, threads);

    /// <summary>Commits, and tells the circuit its weights.</summary>
    /// <param name="graph">With the weights.</param>
    /// <param name="seed">
    /// 32 secret bytes: the same make the same commitment to the same weights again. Randomness follows from the weights and the shape too, so that no two
    /// commitments share any, whose difference would be that of the weights.
    /// </param>
    /// <param name="used">Proofs made with it before: whoever forgets some may disclose weights.</param>
    /// <param name="threads">Of this and of its part in proofs, null for as many as there are processors. They change nothing but the time.</param>
    public static CommittedWeights Commit(ProofShape shape, Graph graph, ReadOnlySpan<byte> seed, int used = 0, int? threads = null) =>
        Commit(shape, LayoutOf(shape).Reveal(graph), seed, used, threads);

    /// <param name="numbers">The cells as integers: tests commit to others than a graph's.</param>
    internal static CommittedWeights Commit(ProofShape shape, int[] numbers, ReadOnlySpan<byte> seed, int used = 0, int? threads = null) =>
        Commit(shape.Weights!, LayoutOf(shape), numbers, seed, used, threads);

    private static CommittedWeights Commit(OracleShape shape, WeightLayout layout, int[] numbers, ReadOnlySpan<byte> seed, int used, int? threads)
    {
        var cells = new FeltArray(layout.CellCount);
        var random = new SecretRandom(SeedOf(shape, numbers, seed));
        ExtKernels.FromIntegers(numbers, cells, 0);
        random.Fill(cells.AsSpan()[layout.RandomCells.Base..]);
        return new CommittedWeights(OracleCommitment.Commit(shape, cells, random, threads ?? Environment.ProcessorCount, used), cells, numbers);
    }

    private static WeightLayout LayoutOf(ProofShape shape) => shape.Circuit.Weights ?? throw new ArgumentException("The circuit commits to no weights.", nameof(shape));

    /// <summary>The keyed hash of the code's sizes and of all cells.</summary>
    private static ReadOnlySpan<byte> SeedOf(OracleShape shape, int[] numbers, ReadOnlySpan<byte> seed)
    {
        var hasher = new Blake3Hasher(seed);
        int[] sizes = [shape.ColumnBits, shape.CodeBits, shape.Queries, shape.Openings];
        hasher.Append(MemoryMarshal.AsBytes(sizes.AsSpan()));
        hasher.Append(MemoryMarshal.AsBytes(numbers.AsSpan()));
        var key = new byte[Blake3.KeyBytes];
        hasher.Finish().Read(key);
        return key;
    }

    internal Ext4 Open(ReadOnlySpan<Ext4> point, ProverChannel channel, ProofWriter writer) => _commitment.Open(point, channel, writer);

    public void Dispose()
    {
        _commitment.Dispose();
        Cells.Dispose();
    }
}
