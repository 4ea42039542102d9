using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>How a model that lies off the chain is run. Never renumbered.</summary>
public enum OffChainModelKind : byte
{
    /// <summary>An AIVM-Q container.</summary>
    Container = 1,
    /// <summary>An ONNX file, run in floats by ONNX Runtime: two machines need not agree on its output.</summary>
    Onnx = 2,
}

/// <summary>What the chain holds of a model that lies elsewhere; the code of its account.</summary>
/// <param name="Hash">keccak256 of the model's bytes: its identity.</param>
/// <param name="Digest">SHA-256 of them, by which stores are asked.</param>
/// <param name="Gas">Of a run, as its publisher declares it.</param>
internal sealed record OffChainDescriptor(OffChainModelKind Kind, Hash256 Hash, Hash256 Digest, ulong Size, ulong Gas)
{
    public const ulong MaxSize = 1UL << 40;

    public const ulong MaxGas = 1UL << 50;

    private const int KindAt = 2;
    private const int HashAt = KindAt + 1;
    private const int DigestAt = HashAt + Hash256.Size;
    private const int SizeAt = DigestAt + Hash256.Size;
    private const int GasAt = SizeAt + sizeof(ulong);
    private const int CodeLength = GasAt + sizeof(ulong);

    private static ReadOnlySpan<byte> CodePrefix => [0xEF, 0xA2];

    public static bool Is(ReadOnlySpan<byte> code) => code.Length == CodeLength && code.StartsWith(CodePrefix);

    /// <param name="code">Of which <see cref="Is"/> says that it is one.</param>
    public static OffChainDescriptor Decode(ReadOnlySpan<byte> code) => new(
        (OffChainModelKind)code[KindAt],
        new Hash256(code[HashAt..DigestAt]),
        new Hash256(code[DigestAt..SizeAt]),
        BinaryPrimitives.ReadUInt64BigEndian(code[SizeAt..]),
        BinaryPrimitives.ReadUInt64BigEndian(code[GasAt..]));

    public byte[] Encode()
    {
        var code = new byte[CodeLength];
        CodePrefix.CopyTo(code);
        code[KindAt] = (byte)Kind;
        Hash.Span.CopyTo(code.AsSpan(HashAt));
        Digest.Span.CopyTo(code.AsSpan(DigestAt));
        BinaryPrimitives.WriteUInt64BigEndian(code.AsSpan(SizeAt), Size);
        BinaryPrimitives.WriteUInt64BigEndian(code.AsSpan(GasAt), Gas);
        return code;
    }

    /// <summary>JSON, as the model's account answers it.</summary>
    public string Describe()
    {
        var kind = Kind == OffChainModelKind.Container ? "aivm-q" : "onnx";
        return $$"""{"kind":"{{kind}}","hash":"{{Hash}}","digest":"sha256:{{Hex.Encode(Digest.Span)[2..]}}","size":{{Size}},"gas":{{Gas}}}""";
    }
}
