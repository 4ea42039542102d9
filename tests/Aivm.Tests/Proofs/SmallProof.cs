using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs.Transcripts;

namespace Aivm.Tests.Proofs;

/// <summary>How much is opened at each position.</summary>
/// <param name="Bytes">Of a column, with its salt.</param>
/// <param name="Trees">That authenticate it.</param>
internal readonly record struct OpenedSize(int Bytes, int Trees)
{
    /// <summary>Of columns at the positions, and of the nodes of each tree that they leave unknown.</summary>
    public int Length(TranscriptEvent opened)
    {
        var (nodes, positions) = (0, opened.Positions!);
        for (var level = 0; level < opened.Bits; level++)
        {
            nodes += positions.Count(position => !positions.Contains(position ^ 1));
            positions = [.. positions.Select(position => position >> 1).Distinct()];
        }
        return (Bytes * opened.Positions!.Length) + (Blake3.HashBytes * nodes * Trees);
    }
}

/// <summary>Columns in a proof: row by row a word of each, salts first.</summary>
internal sealed record OpenedAt(int Start, int Queries, int Rows)
{
    public int End => Start + (sizeof(uint) * Queries * Rows);

    /// <summary>Copies one column over another, salt and all, as far as there are bytes.</summary>
    public void Copy(byte[] source, int from, byte[] target, int to)
    {
        for (var row = 0; row < Rows; row++)
        {
            var (read, write) = (WordOf(row, from), WordOf(row, to));
            if (read + sizeof(uint) <= source.Length && write + sizeof(uint) <= target.Length)
                source.AsSpan(read, sizeof(uint)).CopyTo(target.AsSpan(write));
        }
    }

    private int WordOf(int row, int column) => Start + (sizeof(uint) * ((row * Queries) + column));
}

/// <summary>A small proof of each kind that there is, with what it states.</summary>
/// <param name="Bytes">The proof.</param>
internal abstract record SmallProof(byte[] Bytes)
{
    /// <summary>
    /// Of a run; with products of cells; with everything private; on public weights by their root; of weights' ranges; of the equality of two commitments; of a root
    /// of public weights.
    /// </summary>
    public static string[] Kinds { get; } = ["public", "products", "private", "by-root", "ranges", "equality", "root"];

    /// <summary>Why this statement, with any bytes for a proof, is refused; null if it is accepted.</summary>
    public abstract Error? Verify(ReadOnlyMemory<byte> proof, TranscriptProbe? probe = null);

    /// <summary>What its transcript begins with.</summary>
    public abstract string Domain { get; }

    /// <summary>The messages before the first commitment, as the specification has them.</summary>
    public abstract byte[][] Stated();

    /// <summary>What is opened, in order.</summary>
    public abstract IEnumerable<OpenedSize> Opened();

    /// <summary>Where the columns lie that it opens, in order.</summary>
    public List<OpenedAt> Columns()
    {
        var recorder = new TranscriptRecorder();
        Assert.Null(Verify(Bytes, recorder));
        var (columns, sizes, stated, at) = (new List<OpenedAt>(), Opened().ToArray(), Stated().Length, 0);
        foreach (var each in recorder.Events)
        {
            if (each.Message is not null)
                at += stated-- > 0 ? 0 : each.Message.Length;
            if (each.Positions is null)
                continue;
            var size = sizes[columns.Count];
            columns.Add(new OpenedAt(at, each.Positions.Length, size.Bytes / sizeof(uint)));
            at += size.Length(each);
        }
        return columns;
    }

    /// <summary>The same proof of something else.</summary>
    /// <param name="difference">Chooses what changes, out of <see cref="Differences"/>.</param>
    public abstract SmallProof Claiming(int difference);

    /// <summary>Things stated.</summary>
    public abstract int Differences { get; }

    public static SmallProof Make(string kind, ProofParameters parameters) => kind switch
    {
        "public" => ProveRun(SmallNetwork.Model.Graph, ProofPrivacy.None, parameters),
        "products" => ProveRun(Square, ProofPrivacy.None, parameters),
        "private" => ProveRun(SmallNetwork.Model.Graph, ProofPrivacy.Weights | ProofPrivacy.Inputs, parameters),
        "by-root" => ProveRun(SmallNetwork.Model.Graph, ProofPrivacy.CommittedWeights, parameters),
        "ranges" => ProveRanges(parameters),
        "equality" => ProveEquality(parameters),
        "root" => ProveRoot(parameters),
        _ => throw new ArgumentException("No kind of proof.", nameof(kind)),
    };

    /// <summary>A matrix of committed numbers times itself.</summary>
    private static Graph Square { get; } = new()
    {
        Inputs = [new GraphInput("x", [2, 2], new InputFormat.Fixed(0))],
        Nodes =
        [
            QuantiseNode.Scale(0, ElementType.S8, 1, 0),
            new RescaleNode { Source = 1, Factor = 1, Requantise = Requantise.To(ElementType.S8, [0], new Activation.Clamp(-127, 127)) },
            new MatMulNode { Left = 2, Right = 2, Requantise = Requantise.To(ElementType.S8, 6) },
        ],
        Outputs = [new GraphOutput { Name = "y", Source = 3, Kind = OutputKind.Values }],
    };

    private static Hash256 Context { get; } = Keccak.Hash([7]);

    /// <summary>Two runs of a model, on inputs that are no secret.</summary>
    public static RunProof ProveRun(Graph graph, ProofPrivacy privacy, ProofParameters parameters)
    {
        const int Samples = 2;
        Assert.True(Model.TryLoad(Container.Encode(graph), out var model, out var error), error?.ToString());
        var stated = (privacy & (ProofPrivacy.Weights | ProofPrivacy.CommittedWeights)) == 0 ? model.Graph : PrivateModel.Skeleton(model.Graph);
        Assert.True(GraphAnalysis.TryAnalyse(stated, out var analysis, out error), error?.ToString());
        Assert.True(Circuit.TryBuild(stated, analysis, Samples, privacy, out var circuit, out error), error?.ToString());
        var shape = new ProofShape(circuit, parameters);
        long[] numbers = [.. Enumerable.Range(0, Samples * model.InputCount).Select(i => (long)(i * 37 % 251))], outputs = new long[Samples * model.OutputCount];
        for (var i = 0; i < Samples; i++)
            Assert.True(model.TryRun(numbers.AsSpan(i * model.InputCount, model.InputCount), outputs.AsSpan(i * model.OutputCount, model.OutputCount), out error), error?.ToString());
        using var weights = shape.Weights switch
        {
            null => null,
            { Hiding: true } => CommittedWeights.Commit(shape, model.Graph, Seed(1)),
            _ => CommittedWeights.CommitPublic(shape, model.Graph),
        };
        using var inputs = shape.Inputs is null ? null : CommittedInputs.Commit(shape, numbers);
        var statement = new ProofStatement(model.Hash, Context, inputs is null ? numbers : default(ReadOnlyMemory<long>), outputs, weights?.Root, inputs?.Root);
        Assert.True(ProofProver.TryCreate(shape, model.Graph, weights, threads: 1, out var prover, out error), error?.ToString());
        using (prover)
            return new RunProof(prover.Prove(statement, inputs), shape, statement);
    }

    private static RunProof ProveRanges(ProofParameters parameters)
    {
        var shape = new ProofShape(WeightRanges(), parameters);
        using var weights = CommittedWeights.Commit(shape, SmallNetwork.Model.Graph, Seed(1));
        var statement = new ProofStatement(SmallNetwork.Model.Hash, Hash256.Zero, default, default, weights.Root);
        return new RunProof(ProofProver.ProveWeightRanges(shape, statement, weights, threads: 1), shape, statement);
    }

    private static EqualityProof ProveEquality(ProofParameters parameters)
    {
        var (ranges, shape) = (new ProofShape(WeightRanges(), parameters), new WeightEqualityShape(WeightRanges(), parameters));
        using var old = CommittedWeights.Commit(ranges, SmallNetwork.Model.Graph, Seed(1));
        using var fresh = CommittedWeights.Commit(ranges, SmallNetwork.Model.Graph, Seed(2));
        var statement = new WeightEqualityStatement(SmallNetwork.Model.Hash, Context, old.Root, fresh.Root);
        return new EqualityProof(WeightEqualityProver.Prove(shape, statement, old, fresh, threads: 1), shape, statement);
    }

    private static RootProof ProveRoot(ProofParameters parameters)
    {
        var (model, shape) = (SmallNetwork.Model, new PublicWeightsShape(PublicLayout(), parameters));
        using var weights = CommittedWeights.CommitPublic(shape, model.Graph);
        var statement = new PublicWeightsStatement(model.Hash, weights.Root);
        return new RootProof(PublicWeightsProver.Prove(shape, statement, weights), shape, statement);
    }

    private static WeightLayout PublicLayout()
    {
        var skeleton = PrivateModel.Skeleton(SmallNetwork.Model.Graph);
        Assert.True(GraphAnalysis.TryAnalyse(skeleton, out var analysis, out var error), error?.ToString());
        Assert.True(WeightLayout.TryCreate(skeleton, analysis, new WorkMeter(long.MaxValue), out var layout, out error), error?.ToString());
        return layout;
    }

    private static Circuit WeightRanges()
    {
        var skeleton = PrivateModel.Skeleton(SmallNetwork.Model.Graph);
        Assert.True(GraphAnalysis.TryAnalyse(skeleton, out var analysis, out var error), error?.ToString());
        Assert.True(Circuit.TryBuildWeightRanges(skeleton, analysis, out var circuit, out error), error?.ToString());
        return circuit;
    }

    /// <summary>A salt, where something hides, and the elements of a column; where the combination of rows is committed, those of its oracle too.</summary>
    private static IEnumerable<OpenedSize> OpenedOf(OracleShape? shape)
    {
        for (; shape is not null; shape = shape.Combination)
            yield return new OpenedSize((shape.Hiding ? ColumnHasher.SaltBytes : 0) + (sizeof(uint) * shape.ColumnHeight), Trees: 1);
    }

    private static OpenedSize OpenedOf(PadShape shape) => new(ColumnHasher.SaltBytes + (sizeof(uint) * shape.ColumnHeight), Trees: 1);

    private static byte[] Seed(byte seed) => [seed, .. new byte[31]];

    private static byte[] Words(params int[] words) => [.. words.SelectMany(BitConverter.GetBytes)];

    /// <summary>Of a run, or of the weights' ranges.</summary>
    public sealed record RunProof(byte[] Bytes, ProofShape Shape, ProofStatement Statement) : SmallProof(Bytes)
    {
        public override Error? Verify(ReadOnlyMemory<byte> proof, TranscriptProbe? probe = null)
        {
            var shape = probe is null ? Shape : new ProofShape(Shape.Circuit, Shape.Parameters with { Probe = probe });
            return ProofVerifier.TryVerify(shape, Statement, proof, out var error) ? null : error;
        }

        public override string Domain => Shape.Circuit.Domain;

        public override byte[][] Stated() =>
        [
            Words(
                Shape.Circuit.Samples, 1, Shape.Parameters.QueryBits, Shape.Parameters.GrindingBits, Shape.Parameters.BlowUpBits, Shape.Parameters.ReusedBlowUpBits,
                Shape.Parameters.SmallCodeBits),
            Statement.Context.ToArray(), Statement.ModelHash.ToArray(), Statement.WeightRoot?.ToArray() ?? [], Statement.InputRoot?.ToArray() ?? [],
            Numbers(Statement.Inputs), Numbers(Statement.Outputs),
        ];

        public override IEnumerable<OpenedSize> Opened() =>
            [.. OpenedOf(Shape.Cells), .. OpenedOf(Shape.Inputs), .. OpenedOf(Shape.Weights), OpenedOf(Shape.Pads!)];

        public override int Differences => 6;

        public override SmallProof Claiming(int difference) => this with
        {
            Statement = difference switch
            {
                0 => Statement with { Context = Other(Statement.Context) },
                1 => Statement with { ModelHash = Other(Statement.ModelHash) },
                2 when Statement.WeightRoot is { } root => Statement with { WeightRoot = Other(root) },
                3 when Statement.InputRoot is { } root => Statement with { InputRoot = Other(root) },
                4 when !Statement.Inputs.IsEmpty => Statement with { Inputs = Other(Statement.Inputs) },
                5 when !Statement.Outputs.IsEmpty => Statement with { Outputs = Other(Statement.Outputs) },
                _ => Statement with { Context = Other(Statement.ModelHash) },
            },
        };

        private static byte[] Numbers(ReadOnlyMemory<long> numbers) => [.. numbers.ToArray().SelectMany(BitConverter.GetBytes)];

        private static long[] Other(ReadOnlyMemory<long> numbers) => [numbers.Span[0] ^ 1, .. numbers.Span[1..]];
    }

    private sealed record EqualityProof(byte[] Bytes, WeightEqualityShape Shape, WeightEqualityStatement Statement) : SmallProof(Bytes)
    {
        public override Error? Verify(ReadOnlyMemory<byte> proof, TranscriptProbe? probe = null)
        {
            var shape = probe is null ? Shape : new WeightEqualityShape(WeightRanges(), Shape.Parameters with { Probe = probe });
            return WeightEqualityVerifier.TryVerify(shape, Statement, proof, out var error) ? null : error;
        }

        public override byte[][] Stated() =>
        [
            Words(Shape.Parameters.QueryBits, Shape.Parameters.GrindingBits, Shape.Parameters.BlowUpBits, Shape.Parameters.ReusedBlowUpBits, Shape.Parameters.SmallCodeBits),
            Statement.Context.ToArray(), Statement.ModelHash.ToArray(), Statement.OldRoot.ToArray(), Statement.FreshRoot.ToArray(),
        ];

        public override string Domain => WeightEqualityShape.Domain;

        public override IEnumerable<OpenedSize> Opened() => [.. OpenedOf(Shape.Weights), .. OpenedOf(Shape.Weights), OpenedOf(Shape.Pads)];

        public override int Differences => 4;

        public override SmallProof Claiming(int difference) => this with
        {
            Statement = difference switch
            {
                0 => Statement with { Context = Other(Statement.Context) },
                1 => Statement with { ModelHash = Other(Statement.ModelHash) },
                2 => Statement with { OldRoot = Other(Statement.OldRoot) },
                _ => Statement with { FreshRoot = Other(Statement.FreshRoot) },
            },
        };
    }

    private sealed record RootProof(byte[] Bytes, PublicWeightsShape Shape, PublicWeightsStatement Statement) : SmallProof(Bytes)
    {
        public override Error? Verify(ReadOnlyMemory<byte> proof, TranscriptProbe? probe = null)
        {
            var parameters = Shape.Parameters with { Probe = probe };
            // Evaluating writes the weights into a shape: each verification has its own.
            var shape = new PublicWeightsShape(PublicLayout(), parameters);
            return PublicWeightsVerifier.TryVerify(shape, Statement, SmallNetwork.Model.Graph, proof, out var error) ? null : error;
        }

        public override byte[][] Stated() =>
        [
            Words(Shape.Parameters.QueryBits, Shape.Parameters.GrindingBits, Shape.Parameters.BlowUpBits, Shape.Parameters.ReusedBlowUpBits, Shape.Parameters.SmallCodeBits),
            Statement.ModelHash.ToArray(), Statement.Root.ToArray(),
        ];

        public override string Domain => PublicWeightsShape.Domain;

        public override IEnumerable<OpenedSize> Opened() => OpenedOf(Shape.Weights);

        public override int Differences => 2;

        public override SmallProof Claiming(int difference) => this with
        {
            Statement = difference == 0 ? Statement with { ModelHash = Other(Statement.ModelHash) } : Statement with { Root = Other(Statement.Root) },
        };
    }

    private static Hash256 Other(Hash256 hash)
    {
        var bytes = hash.ToArray();
        bytes[5] ^= 4;
        return new Hash256(bytes);
    }
}
