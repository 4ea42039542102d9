using System.Buffers.Binary;
using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// A proof with all that checking it takes. Bytes: "AIVMPRF", u8 version = 1; the container of the model or of the private model; u32 samples; the
/// context (32 bytes); u8 0 and the inputs, or u8 1 and the root of private ones (32 bytes); outputs; for private weights the proof of their ranges, a u32
/// count of renewals, and of each the root, the context (32 bytes each) and the proof; the proof. Containers and proofs have a u32 length in front, numbers
/// are a u32 count of int64; all little-endian, and nothing follows.
/// </summary>
/// <param name="Samples">Inferences that it proves.</param>
/// <param name="InputRoot">The commitment to private inputs; null where they are public.</param>
/// <param name="Inputs">All inputs of a sample, sample after sample; none where they are private.</param>
/// <param name="Outputs">All outputs of a sample, sample after sample.</param>
/// <param name="WeightRanges">
/// That private weights behind the container's root lie in their ranges (<see cref="Circuit.TryBuildWeightRanges(Aivm.Inference.Graph, Aivm.Inference.GraphAnalysis, out Circuit, out Aivm.Primitives.Error)"/>); empty where they are public.
/// </param>
public sealed record ProofFile(
    ReadOnlyMemory<byte> Container,
    int Samples,
    Hash256 Context,
    Hash256? InputRoot,
    ReadOnlyMemory<long> Inputs,
    ReadOnlyMemory<long> Outputs,
    ReadOnlyMemory<byte> WeightRanges,
    ReadOnlyMemory<byte> Proof)
{
    private const byte Version = 1;
    private const byte PublicInputs = 0;
    private const byte PrivateInputs = 1;

    /// <summary>A longer proof proves nothing more.</summary>
    public const int MaxProofBytes = 16 << 20;

    /// <summary>The longest file.</summary>
    public const int MaxBytes = 1 << 30;

    /// <summary>The most renewals that a file may list.</summary>
    public const int MaxRenewals = 1 << 10;

    private const int MaxNumbers = 1 << 26;

    private static ReadOnlySpan<byte> Magic => "AIVMPRF"u8;

    /// <summary>From the commitment of the container to that of the proof, one after another; empty where weights are public.</summary>
    public ImmutableArray<WeightRenewal> Renewals { get; init; } = [];

    /// <summary>The commitment to private weights that the proof is about; null where they are public.</summary>
    public Hash256? WeightRoot(ProvedModel model) => model.HidesWeights && !Renewals.IsEmpty ? Renewals[^1].Root : model.WeightRoot;

    public byte[] Encode()
    {
        var writer = new ProofWriter();
        writer.Write([.. Magic, Version]);
        Write(writer, Container.Span);
        writer.WriteCount(Samples);
        writer.Write(Context);
        writer.Write([InputRoot is null ? PublicInputs : PrivateInputs]);
        if (InputRoot is { } root)
            writer.Write(root);
        else
            Write(writer, Inputs.Span);
        Write(writer, Outputs.Span);
        if (PrivateModel.Is(Container.Span))
        {
            Write(writer, WeightRanges.Span);
            Write(writer, Renewals);
        }
        Write(writer, Proof.Span);
        return writer.ToArray();
    }

    private static void Write(ProofWriter writer, ImmutableArray<WeightRenewal> renewals)
    {
        writer.WriteCount(renewals.Length);
        foreach (var renewal in renewals)
        {
            writer.Write(renewal.Root);
            writer.Write(renewal.Context);
            Write(writer, renewal.Proof.Span);
        }
    }

    private static void Write(ProofWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.WriteCount(bytes.Length);
        writer.Write(bytes);
    }

    private static void Write(ProofWriter writer, ReadOnlySpan<long> numbers)
    {
        writer.WriteCount(numbers.Length);
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            writer.Write(bytes);
        }
    }

    /// <summary>Errors: <c>proof-file</c> (another kind of file, or another version), and <c>proof-truncated</c>, <c>proof-trailing</c>, <c>proof-malformed</c> of the file itself.</summary>
    /// <param name="limits">Of the container's length; it is not looked into.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, ModelLimits limits, out ProofFile file, out Error error)
    {
        var reader = new ProofReader(bytes);
        file = Read(reader, limits)!;
        error = reader.Error!;
        return file is not null;
    }

    private static ProofFile? Read(ProofReader reader, ModelLimits limits)
    {
        if (!reader.TryReadBytes(Magic.Length + 1, out var head))
            return null;
        if (!head.StartsWith(Magic) || head[^1] != Version)
        {
            reader.Fail(new("proof-file", $"A proof file begins with AIVMPRF and its version, {Version}."));
            return null;
        }
        if (!TryRead(reader, limits.ContainerBytes, out var container)
            || !reader.TryReadCount(Circuit.MaxSamples, 0, out var samples)
            || !(samples > 0 || reader.Fail(ProofErrors.Malformed("A proof is of one inference at least.")))
            || !reader.TryRead(out Hash256 context)
            || !TryReadInputs(reader, out var inputRoot, out var inputs)
            || !TryRead(reader, out var outputs))
            return null;
        ReadOnlyMemory<byte> ranges = default;
        ImmutableArray<WeightRenewal> renewals = [];
        if (PrivateModel.Is(container.Span) && !(TryRead(reader, MaxProofBytes, out ranges) && TryReadRenewals(reader, out renewals)))
            return null;
        return TryRead(reader, MaxProofBytes, out var proof) && reader.TryFinish()
            ? new ProofFile(container, samples, context, inputRoot, inputs, outputs, ranges, proof) { Renewals = renewals }
            : null;
    }

    private static bool TryReadRenewals(ProofReader reader, out ImmutableArray<WeightRenewal> renewals)
    {
        const int LeastBytes = (2 * Hash256.Size) + sizeof(uint);
        renewals = [];
        if (!reader.TryReadCount(MaxRenewals, LeastBytes, out var count))
            return false;
        var read = new WeightRenewal[count];
        foreach (ref var renewal in read.AsSpan())
        {
            if (!reader.TryRead(out Hash256 root) || !reader.TryRead(out Hash256 context) || !TryRead(reader, MaxProofBytes, out var proof))
                return false;
            renewal = new WeightRenewal(root, context, proof);
        }
        renewals = [.. read];
        return true;
    }

    private static bool TryRead(ProofReader reader, int limit, out ReadOnlyMemory<byte> bytes)
    {
        var read = reader.TryReadCount(limit, 1, out var length) & reader.TryReadBytes(length, out var span);
        bytes = span.ToArray();
        return read;
    }

    private static bool TryReadInputs(ProofReader reader, out Hash256? root, out ReadOnlyMemory<long> inputs)
    {
        (root, inputs) = (null, default);
        if (!reader.TryReadBytes(1, out var kind))
            return false;
        if (kind[0] == PublicInputs)
            return TryRead(reader, out inputs);
        if (kind[0] != PrivateInputs)
            return reader.Fail(ProofErrors.Malformed("Inputs are public or private."));
        var read = reader.TryRead(out Hash256 hash);
        root = hash;
        return read;
    }

    private static bool TryRead(ProofReader reader, out ReadOnlyMemory<long> numbers)
    {
        numbers = default;
        if (!reader.TryReadCount(MaxNumbers, sizeof(long), out var count) || !reader.TryReadBytes(count * sizeof(long), out var bytes))
            return false;
        var values = new long[count];
        for (var i = 0; i < count; i++)
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * sizeof(long))..]);
        numbers = values;
        return true;
    }

    /// <summary>The model that the proof is about. Errors: <see cref="ProvedModel.TryDecode"/>.</summary>
    public bool TryDecodeModel(ModelLimits limits, out ProvedModel model, out Error error) => ProvedModel.TryDecode(Container.Span, limits, out model, out error);

    /// <summary>
    /// Checks the proof and, of private weights, those of their ranges and of each renewal. Errors: those of <see cref="ProofVerifier"/>, and
    /// <c>proof-unsupported</c>.
    /// </summary>
    /// <param name="model">Of <see cref="TryDecodeModel"/>.</param>
    public bool TryVerify(ProvedModel model, out Error error)
    {
        if (model.WeightRoot is { } root && !TryVerifyWeights(model, root, out error))
            return false;
        var statement = new ProofStatement(model.Hash, Context, Inputs, Outputs, WeightRoot(model), InputRoot);
        return model.TryShape(Samples, InputRoot is not null, out var shape, out error) && ProofVerifier.TryVerify(shape, statement, Proof, out error);
    }

    private bool TryVerifyWeights(ProvedModel model, Hash256 root, out Error error)
    {
        if (!model.TryVerifyWeightRanges(root, WeightRanges, out error))
            return false;
        foreach (var renewal in Renewals)
        {
            if (!model.TryVerifyWeightEquality(root, renewal.Root, renewal.Context, renewal.Proof, out error))
                return false;
            root = renewal.Root;
        }
        return true;
    }
}
