using System.Buffers.Binary;
using System.Collections.Immutable;
using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// A proof with all that checking it takes. Bytes: "AIVMPRF", u8 version = 1; the container of the model or of the private model; u32 samples; the
/// context (32 bytes); u8, 1 where inputs are private, and 2 more where the proof rests on a commitment to public weights; the inputs, or the root of private ones
/// (32 bytes); outputs; for private weights the proof of their ranges, a u32 count of renewals, and of each the root, the context (32 bytes each) and the proof; for
/// a commitment to public ones its root (32 bytes), and the proof that it holds them; the proof. Containers and proofs have a u32 length in front, numbers are a
/// u32 count of int64; all little-endian, and nothing follows.
/// </summary>
/// <param name="Samples">Inferences that it proves.</param>
/// <param name="InputRoot">The commitment to private inputs; null where they are public.</param>
/// <param name="Inputs">All inputs of a sample, sample after sample; none where they are private.</param>
/// <param name="Outputs">All outputs of a sample, sample after sample.</param>
/// <param name="WeightRanges">
/// That private weights behind the container's root lie in their ranges (<see cref="ProvedModel.WeightRanges"/>); empty where they are public.
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
    private const byte PrivateInputs = 1;
    private const byte WeightsByRoot = 2;

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

    /// <summary>The commitment to public weights that the proof rests on; null where it rests on the weights themselves, or they are private.</summary>
    public PublicRoot? PublicRoot { get; init; }

    /// <summary>The commitment to weights that the proof rests on, private or public; null where it rests on the weights themselves.</summary>
    public Hash256? WeightRoot(ProvedModel model) => model.HidesWeights ? (Renewals.IsEmpty ? model.WeightRoot : Renewals[^1].Root) : PublicRoot?.Root;

    public byte[] Encode()
    {
        var writer = new ProofWriter();
        writer.Write([.. Magic, Version]);
        Write(writer, Container.Span);
        writer.WriteCount(Samples);
        writer.Write(Context);
        writer.Write([(byte)((InputRoot is null ? 0 : PrivateInputs) | (PublicRoot is null ? 0 : WeightsByRoot))]);
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
        if (PublicRoot is { } weights)
        {
            writer.Write(weights.Root);
            Write(writer, weights.Proof.Span);
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
            || !TryReadKind(reader, PrivateModel.Is(container.Span), out var kind)
            || !TryReadInputs(reader, (kind & PrivateInputs) != 0, out var inputRoot, out var inputs)
            || !TryRead(reader, out var outputs))
            return null;
        ReadOnlyMemory<byte> ranges = default;
        ImmutableArray<WeightRenewal> renewals = [];
        if (PrivateModel.Is(container.Span) && !(TryRead(reader, MaxProofBytes, out ranges) && TryReadRenewals(reader, out renewals)))
            return null;
        PublicRoot? publicRoot = null;
        if ((kind & WeightsByRoot) != 0 && !TryReadPublicRoot(reader, out publicRoot))
            return null;
        return TryRead(reader, MaxProofBytes, out var proof) && reader.TryFinish()
            ? new ProofFile(container, samples, context, inputRoot, inputs, outputs, ranges, proof) { Renewals = renewals, PublicRoot = publicRoot }
            : null;
    }

    private static bool TryReadKind(ProofReader reader, bool hidesWeights, out byte kind)
    {
        kind = reader.TryReadBytes(1, out var bytes) ? bytes[0] : default;
        if (reader.Error is not null)
            return false;
        if (kind > (PrivateInputs | WeightsByRoot))
            return reader.Fail(ProofErrors.Malformed("Inputs are public or private, and weights by their root or as they are."));
        return !hidesWeights || (kind & WeightsByRoot) == 0 || reader.Fail(ProofErrors.Malformed("Private weights are behind a commitment of their own."));
    }

    private static bool TryReadPublicRoot(ProofReader reader, out PublicRoot? weights)
    {
        weights = reader.TryRead(out Hash256 root) && TryRead(reader, MaxProofBytes, out var proof) ? new PublicRoot(root, proof) : null;
        return weights is not null;
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

    private static bool TryReadInputs(ProofReader reader, bool isPrivate, out Hash256? root, out ReadOnlyMemory<long> inputs)
    {
        (root, inputs) = (null, default);
        if (!isPrivate)
            return TryRead(reader, out inputs);
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
    /// Checks the proof and, of private weights, those of their ranges and of each renewal, of public ones behind a commitment the one that it holds them. Errors:
    /// those of <see cref="ProofVerifier"/>, of <see cref="CommittedModel"/>, and <c>proof-unsupported</c>.
    /// </summary>
    /// <param name="model">Of <see cref="TryDecodeModel"/>.</param>
    public bool TryVerify(ProvedModel model, out Error error)
    {
        if (model.WeightRoot is { } root && !TryVerifyWeights(model, root, out error))
            return false;
        var statement = new ProofStatement(model.Hash, Context, Inputs, Outputs, WeightRoot(model), InputRoot);
        return TryShape(model, out var shape, out error) && ProofVerifier.TryVerify(shape, statement, Proof, out error);
    }

    private bool TryShape(ProvedModel model, out ProofShape shape, out Error error)
    {
        shape = null!;
        if (PublicRoot is not { } weights || model.HidesWeights)
            return model.TryShape(Samples, InputRoot is not null, out shape, out error);
        return CommittedModel.TryCreate(model.Hash, model.Graph, ModelLimits.OffChain, out var committed, out error)
            && committed.TryVerifyRoot(weights.Root, weights.Proof, out error)
            && committed.TryShape(Samples, InputRoot is not null, out shape, out error);
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
