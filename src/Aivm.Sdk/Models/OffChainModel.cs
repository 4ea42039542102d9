using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>How a model that lies off the chain is run.</summary>
public enum OffChainKind : byte
{
    /// <summary>An AIVM-Q container: integers, the same everywhere.</summary>
    Container = 1,
    /// <summary>An ONNX file, run in floats by ONNX Runtime.</summary>
    Onnx = 2,
}

/// <summary>What the chain holds of a model that lies elsewhere (docs/spec/models-contract.md, "Models off the chain").</summary>
/// <param name="Hash">keccak256 of the model's bytes.</param>
/// <param name="Digest">By which stores are asked for them.</param>
/// <param name="Gas">Of a run, as its publisher declared it.</param>
public sealed record OffChainModel(OffChainKind Kind, Hash256 Hash, ContentDigest Digest, long Size, ulong Gas)
{
    public const long MaxSize = 1L << 40;

    public const ulong MaxGas = 1UL << 50;

    private const int CodeLength = 3 + (2 * Hash256.Size) + (2 * sizeof(ulong));

    /// <summary>Reads the code of a model's account.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> code, out OffChainModel model)
    {
        model = null!;
        if (code.Length != CodeLength || code is not [0xEF, 0xA2, (byte)OffChainKind.Container or (byte)OffChainKind.Onnx, ..])
            return false;
        var kind = (OffChainKind)code[2];
        var fields = code[3..];
        var size = BinaryPrimitives.ReadUInt64BigEndian(fields[(2 * Hash256.Size)..]);
        var gas = BinaryPrimitives.ReadUInt64BigEndian(fields[^sizeof(ulong)..]);
        if (size is 0 or > MaxSize || gas is 0 or > MaxGas)
            return false;
        var digest = new ContentDigest(new Hash256(fields.Slice(Hash256.Size, Hash256.Size)));
        model = new OffChainModel(kind, new Hash256(fields[..Hash256.Size]), digest, (long)size, gas);
        return true;
    }

    /// <summary>What is said of a file that becomes a model.</summary>
    /// <exception cref="AivmException"><c>content-unreadable</c>.</exception>
    public static async Task<OffChainModel> OfFileAsync(OffChainKind kind, string file, ulong gas, CancellationToken cancellation = default)
    {
        var content = await ContentDescriptor.OfFileAsync(file, cancellation);
        return new OffChainModel(kind, await HashAsync(file, cancellation), content.Digest, content.Size, gas);
    }

    /// <summary>keccak256 of a file of any size.</summary>
    /// <exception cref="AivmException"><c>content-unreadable</c>.</exception>
    public static async Task<Hash256> HashAsync(string file, CancellationToken cancellation = default)
    {
        var hash = new KeccakStream();
        await using var source = ContentFiles.OpenRead(file);
        await foreach (var block in ContentFiles.BlocksOf(source, cancellation))
            hash.Append(block.Span);
        return hash.Finish();
    }
}

/// <summary>What is published of a model off the chain. Its bytes go into a store besides.</summary>
/// <param name="Name">As in <see cref="ModelRelease"/>, and so are the others.</param>
public sealed record OffChainRelease(OffChainModel Model, string Name, string Metadata = "", UInt256 Price = default);
