using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Commitments;
using Aivm.Tests.Proofs.Transcripts;

namespace Aivm.Tests.Proofs;

/// <summary>
/// The simulator of the specification's section on zero knowledge: from a shape, outputs and the challenges alone it writes a proof that is believed under these challenges. It
/// knows neither inputs nor private weights, and the outputs need not be the model's. Public weights it knows, as everybody does.
/// </summary>
internal sealed class WholeSimulator
{
    private readonly ProofShape _shape;
    private readonly int _seed;
    private readonly SecretRandom _random = new();

    /// <summary>The kinds of events of an honest proof, each challenge and position replaced by the one that is chosen.</summary>
    private readonly TranscriptEvent[] _events;

    private ProofWriter _writer = new();
    private int _next;

    /// <param name="honest">The events of a proof with the same shape: their order and sizes.</param>
    /// <param name="seed">Of the challenges: <see cref="ProgrammedChallenges"/>.</param>
    public WholeSimulator(ProofShape shape, IEnumerable<TranscriptEvent> honest, int seed)
    {
        (_shape, _seed) = (shape, seed);
        var program = new ProgrammedChallenges(seed);
        _events = [.. honest.Select(each => each switch
        {
            { Challenge: not null } => each with { Challenge = program.Challenge(default) },
            { Positions: { } positions } => each with { Positions = program.Positions(positions, each.Bits) },
            _ => each,
        })];
    }

    /// <param name="statement">Its roots are replaced by those that the simulator opens.</param>
    public (byte[] Proof, ProofStatement Statement) Prove(ProofStatement statement)
    {
        const int Stated = 7;
        const int Roots = 2;
        _next = Stated + Roots;
        WriteMessages(upTo: NextOpening());
        Ext4[] point = [.. LastChallenges(_shape.AddressVariables).Reverse()];
        var cells = WriteOpening(_shape.Cells, point.AsSpan(0, _shape.Cells.Variables));
        var inputs = _shape.Inputs is null ? statement.InputRoot : WriteOpening(_shape.Inputs, point.AsSpan(0, _shape.Inputs.Variables));
        var weights = statement.WeightRoot;
        if (_shape.Weights is not null)
        {
            WriteMessages(upTo: NextOpening());
            weights = _shape.Weights.Hiding
                ? WriteOpening(_shape.Weights, LastChallenges(_shape.Weights.Variables))
                : WritePublicOpening(_shape.Weights, LastChallenges(_shape.Weights.Variables));
        }
        statement = statement with { InputRoot = inputs, WeightRoot = weights };

        var pads = Simulation.WriteClosing(_shape.Pads!, Receive(statement, Begin(cells, default)), _random, _writer);
        return (Begin(cells, pads), statement);
    }

    /// <summary>The proof with its two roots.</summary>
    private byte[] Begin(Hash256 cells, Hash256 pads) => [.. cells.ToArray(), .. pads.ToArray(), .. _writer.Written];

    /// <summary>A verifier that has read all but the closing.</summary>
    private VerifierChannel Receive(ProofStatement statement, byte[] proof)
    {
        var shape = new ProofShape(_shape.Circuit, _shape.Parameters with { Probe = new ProgrammedChallenges(_seed) });
        Assert.True(shape.Circuit.TryCompute(statement, out var numbers, out var error), error?.ToString());
        var reader = new ProofReader(proof);
        Assert.True(ProofVerifier.TryReceive(shape, statement, numbers.Elements, reader, out var channel, out _), reader.Error?.ToString());
        return channel;
    }

    /// <summary>Hidden messages are uniform.</summary>
    private void WriteMessages(int upTo)
    {
        for (; _next < upTo; _next++)
            if (_events[_next].Message is { } message)
            {
                Assert.Equal(Ext4.Bytes, message.Length);
                _writer.Write(_random.NextExt4());
            }
    }

    /// <summary>
    /// Where the next opening begins: value, mask's value, challenge and combination lie in front of its positions, or value and root, or value and combination.
    /// </summary>
    private int NextOpening()
    {
        var positions = Array.FindIndex(_events, _next, each => each.Positions is not null);
        var work = positions - EventsOfWork;
        return _events[work - 2].Challenge is null ? work - 2 : work - 4;
    }

    /// <summary>A challenge and a nonce in front of positions, where these take work.</summary>
    private int EventsOfWork => _shape.Parameters.GrindingBits == 0 ? 0 : 2;

    /// <summary>The nonce for the challenge there.</summary>
    private uint? NonceAt(int index) => EventsOfWork == 0 ? null : Grinding.Find(_events[index].Challenge!.Value, _shape.Parameters.GrindingBits);

    private Hash256 WriteOpening(OracleShape shape, ReadOnlySpan<Ext4> point)
    {
        var value = _random.NextExt4();
        _writer.Write(value);
        if (shape.Combination is not { } oracle)
        {
            var (rho, nonceOfSent, opened) = (_events[_next + 2].Challenge!.Value, NonceAt(_next + 4), _events[_next + 4 + EventsOfWork].Positions!);
            _next += 5 + EventsOfWork;
            return Simulation.WriteSentOpening(shape, point, value, rho, nonceOfSent, opened, _random, _writer);
        }
        var (nonce, positions) = (NonceAt(_next + 2), _events[_next + 2 + EventsOfWork].Positions!);
        _next += 3 + EventsOfWork;
        // The root of the combination's oracle is known when that is opened, and stands in front.
        var before = _writer;
        _writer = new ProofWriter();
        if (nonce is { } work)
            _writer.Write(work);
        var root = Simulation.WriteColumns(shape, positions, _random, _writer);
        WriteMessages(upTo: NextOpening());
        var combination = WriteOpening(oracle, [.. LastChallenges(oracle.Variables).Reverse()]);
        before.Write(combination);
        before.Write(_writer.Written);
        _writer = before;
        return root;
    }

    /// <summary>Of the commitment to public weights itself, which sends its combination of rows without a mask.</summary>
    private Hash256 WritePublicOpening(OracleShape shape, Ext4[] point)
    {
        var numbers = _shape.Circuit.Weights!.Reveal(SmallNetwork.Model.Graph);
        using var cells = new FeltArray(numbers.Length);
        ExtKernels.FromIntegers(numbers, cells, 0);
        using var commitment = OracleCommitment.Commit(shape, cells, _random);
        var (columns, rows) = (NaiveVectors.Equality(point[..shape.ColumnBits]), NaiveVectors.Equality(point[shape.ColumnBits..]));
        var combination = new Ext4[columns.Length];
        for (var i = 0; i < numbers.Length; i++)
            combination[i % columns.Length] += rows[i / columns.Length] * Felt.From(numbers[i]);
        _writer.Write(NaiveVectors.Dot(combination, columns));
        foreach (var coefficient in combination)
            _writer.Write(coefficient);
        if (NonceAt(_next + 2) is { } work)
            _writer.Write(work);
        commitment.Matrix.Open(_events[_next + 2 + EventsOfWork].Positions!, _writer);
        _next += 3 + EventsOfWork;
        return commitment.Root;
    }

    private Ext4[] LastChallenges(int count) => [.. _events.Take(_next).Where(each => each.Challenge is not null).TakeLast(count).Select(each => each.Challenge!.Value)];
}
