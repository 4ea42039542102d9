using System.Formats.Cbor;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>Documents of the Nitro Secure Module (AWS, aws-nitro-enclaves-nsm-api): one request and one response in CBOR through a device.</summary>
public sealed class NitroSecureModule(INsmDevice device)
{
    private const int MostUserDataBytes = 512;

    /// <exception cref="AivmException"><c>nsm-absent</c>, <c>nsm-failed</c>.</exception>
    public CollectedEvidence Collect(ReadOnlySpan<byte> userData)
    {
        if (userData.Length > MostUserDataBytes)
            throw new ArgumentException($"User data have at most {MostUserDataBytes} bytes.", nameof(userData));
        var response = device.Exchange(Request(userData));
        try
        {
            return new CollectedEvidence(EvidenceKind.Nitro, DocumentIn(response), []);
        }
        catch (Exception exception) when (exception is CborContentException or InvalidOperationException)
        {
            throw new AivmException(Failure.Environment, "nsm-failed", "The Nitro Secure Module answered something else than a document.", exception);
        }
    }

    /// <summary>{"Attestation": {"user_data": …, "nonce": null, "public_key": null}}.</summary>
    private static byte[] Request(ReadOnlySpan<byte> userData)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteStartMap(1);
        writer.WriteTextString("Attestation");
        writer.WriteStartMap(3);
        writer.WriteTextString("user_data");
        writer.WriteByteString(userData);
        writer.WriteTextString("nonce");
        writer.WriteNull();
        writer.WriteTextString("public_key");
        writer.WriteNull();
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>{"Attestation": {"document": …}}, or {"Error": "…"}.</summary>
    private static byte[] DocumentIn(byte[] response)
    {
        var reader = new CborReader(response, CborConformanceMode.Strict);
        reader.ReadStartMap();
        var kind = reader.ReadTextString();
        if (kind != "Attestation")
            throw new AivmException(Failure.Environment, "nsm-failed", $"The Nitro Secure Module refused: {(kind == "Error" ? reader.ReadTextString() : kind)}.");
        reader.ReadStartMap();
        return reader.ReadTextString() == "document" ? reader.ReadByteString() : throw new InvalidOperationException();
    }
}

/// <summary>Sends a request to the module and gives its response: the device, or a test in its place.</summary>
public interface INsmDevice
{
    byte[] Exchange(ReadOnlySpan<byte> request);
}
