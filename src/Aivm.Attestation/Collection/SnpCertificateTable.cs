using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>The certificates that a host hands to its guests (GHCB specification, "SNP Extended Guest Request"): entries of GUID, offset, length; zeros end them.</summary>
internal static class SnpCertificateTable
{
    private const int EntrySize = 24;
    private const int GuidSize = 16;
    private const int MostEntries = 16;

    /// <summary>What the table names, as far as it lies in the table. The host may have written anything: verification is for who uses it.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> table)
    {
        var certificates = new List<ReadOnlyMemory<byte>>();
        for (var at = 0; certificates.Count < MostEntries && at + EntrySize <= table.Length; at += EntrySize)
        {
            var entry = table.Span.Slice(at, EntrySize);
            if (!entry.ContainsAnyExcept((byte)0))
                break;
            var (offset, length) = (BinaryPrimitives.ReadUInt32LittleEndian(entry[GuidSize..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[(GuidSize + 4)..]));
            if ((long)offset + length <= table.Length)
                certificates.Add(table.Slice((int)offset, (int)length));
        }
        return certificates;
    }
}
