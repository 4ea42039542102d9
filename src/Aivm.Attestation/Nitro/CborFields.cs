using System.Formats.Cbor;

namespace Aivm.Attestation;

/// <summary>The four parts of a COSE_Sign1, of which the unprotected header must be empty.</summary>
internal readonly record struct CborEnvelope(byte[] Protected, byte[] Payload, byte[] Signature);

/// <summary>CBOR (RFC 8949) with limits: counts and lengths are held against them as they are read. Definite and indefinite lengths are both taken, as real documents have both.</summary>
internal static class CborFields
{
    private const int MostPayloadBytes = 16 << 10;
    private const CborTag CoseSign1 = (CborTag)18;

    public static CborEnvelope ReadEnvelope(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CborReader(bytes, CborConformanceMode.Strict);
        if (reader.PeekState() == CborReaderState.Tag)
            Refused.Unless(reader.ReadTag() == CoseSign1, "nitro-malformed", "The document is not a COSE_Sign1.");
        var length = reader.ReadStartArray();
        Refused.Unless(length is 4 or null, "nitro-malformed", "The document does not have the four parts of a COSE_Sign1.");
        var header = ReadBytes(reader, 64);
        ReadMap(reader, 0, () => { });
        var (payload, signature) = (ReadBytes(reader, MostPayloadBytes), ReadBytes(reader, 128));
        reader.ReadEndArray();
        RequireEnd(reader);
        return new CborEnvelope(header, payload, signature);
    }

    /// <summary>The reader refuses a key whose encoding is there twice. One key has several: telling those is for <paramref name="readEntry"/>.</summary>
    public static void ReadMap(CborReader reader, int most, Action readEntry)
    {
        reader.ReadStartMap();
        for (var count = 0; reader.PeekState() != CborReaderState.EndMap; count++)
        {
            Refused.Unless(count < most, "nitro-malformed", $"A map of the document has more than {most} entries.");
            readEntry();
        }
        reader.ReadEndMap();
    }

    public static void ReadArray(CborReader reader, int most, Action readItem)
    {
        reader.ReadStartArray();
        for (var count = 0; reader.PeekState() != CborReaderState.EndArray; count++)
        {
            Refused.Unless(count < most, "nitro-malformed", $"An array of the document has more than {most} items.");
            readItem();
        }
        reader.ReadEndArray();
    }

    public static byte[] ReadBytes(CborReader reader, int most)
    {
        var bytes = reader.ReadByteString();
        Refused.Unless(bytes.Length <= most, "nitro-malformed", $"A field of the document has {bytes.Length} bytes; {most} is the limit.");
        return bytes;
    }

    /// <summary>Absent, null and empty are the same.</summary>
    public static byte[] ReadOptionalBytes(CborReader reader, int most)
    {
        if (reader.PeekState() != CborReaderState.Null)
            return ReadBytes(reader, most);
        reader.ReadNull();
        return [];
    }

    public static void RequireEnd(CborReader reader) => Refused.Unless(reader.BytesRemaining == 0, "nitro-trailing", "Bytes follow the document: give it alone.");

    /// <summary>What a reader throws, as a refusal.</summary>
    public static T Catch<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException or OverflowException)
        {
            throw new Refused("nitro-malformed", "The document is not CBOR of the specified form.");
        }
    }
}
