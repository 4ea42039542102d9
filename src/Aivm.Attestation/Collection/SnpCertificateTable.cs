using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>The certificates that a host hands to its guests (GHCB specification, "SNP Extended Guest Request"): entries of GUID, offset, length; zeros end them.</summary>
internal static class SnpCertificateTable
{
    private const int EntrySize = 24;
    private const int GuidSize = 16;
    private const int MostEntries = 16;

    private static readonly Guid Vcek = new("63da758d-e664-4564-adc5-f4b93be8accd");
    private static readonly Guid Vlek = new("a8074bc2-a25a-483e-aae6-39c045a0b8a1");

    /// <summary>Of an ASK, and of an ASVK too, which has none of its own.</summary>
    private static readonly Guid Authority = new("4ab7b379-bbac-4fe4-a02f-05aef327c782");
    private static readonly Guid Root = new("c0b406a4-a803-4952-9743-3fb6014cd0ae");

    /// <summary>
    /// The certificates of the key that signed the report and of those above it, as far as they lie in the table. A host may have more there: the other key's
    /// certificate, lists of revocations, something of its own. It may have written anything: verification is for who uses it.
    /// </summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> table, SnpSigningKey signedBy)
    {
        var (key, certificates) = (signedBy == SnpSigningKey.Chip ? Vcek : Vlek, new List<ReadOnlyMemory<byte>>());
        for (var at = 0; at < MostEntries * EntrySize && at + EntrySize <= table.Length; at += EntrySize)
        {
            var entry = table.Span.Slice(at, EntrySize);
            if (!entry.ContainsAnyExcept((byte)0))
                break;
            // As RFC 4122 writes them, the highest byte first.
            var id = new Guid(entry[..GuidSize], bigEndian: true);
            var (offset, length) = (BinaryPrimitives.ReadUInt32LittleEndian(entry[GuidSize..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[(GuidSize + 4)..]));
            if ((id == key || id == Authority || id == Root) && (long)offset + length <= table.Length)
                certificates.Add(table.Slice((int)offset, (int)length));
        }
        return certificates;
    }
}
