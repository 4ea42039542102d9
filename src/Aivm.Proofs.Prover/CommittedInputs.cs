using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>Private inputs behind a commitment, made before the proof and for that one proof alone.</summary>
public sealed class CommittedInputs : IDisposable
{
    private readonly OracleCommitment _commitment;

    private CommittedInputs(OracleCommitment commitment, FeltArray cells, ReadOnlyMemory<long> numbers) =>
        (_commitment, Cells, Numbers) = (commitment, cells, numbers);

    public Hash256 Root => _commitment.Root;

    /// <summary>All inputs of a sample, sample after sample.</summary>
    internal ReadOnlyMemory<long> Numbers { get; }

    internal FeltArray Cells { get; }

    /// <param name="threads">Of this and of its part in the proof, null for as many as there are processors. They change nothing but the time.</param>
    /// <exception cref="AivmException"><c>proof-statement</c>: numbers that a run of the model would refuse.</exception>
    public static CommittedInputs Commit(ProofShape shape, ReadOnlyMemory<long> numbers, int? threads = null)
    {
        var circuit = shape.Circuit;
        if (shape.Inputs is null)
            throw new ArgumentException("The circuit's inputs are public.", nameof(shape));
        if (circuit.CheckInputs(numbers.Span) is { } error)
            throw new AivmException(Failure.Input, error.Code, error.Message);
        var (random, cells) = (new SecretRandom(), new FeltArray(circuit.InputCellCount));
        ExtKernels.FromIntegers(circuit.LayOutInputs(numbers.Span), cells, 0);
        random.Fill(cells.AsSpan()[(circuit.RandomInputCells!.Base - circuit.InputBase)..]);
        return new CommittedInputs(OracleCommitment.Commit(shape.Inputs, cells, random, threads ?? Environment.ProcessorCount), cells, numbers);
    }

    internal Ext4 Open(ReadOnlySpan<Ext4> point, ProverChannel channel, ProofWriter writer) => _commitment.Open(point, channel, writer);

    public void Dispose()
    {
        _commitment.Dispose();
        Cells.Dispose();
    }
}
