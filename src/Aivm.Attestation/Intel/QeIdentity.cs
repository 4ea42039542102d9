using System.Buffers.Binary;

namespace Aivm.Attestation;

/// <summary>Which enclaves may quote (Intel PCS API version 4, "Get Quoting Enclave Identity", version 2), read from bytes whose signature was verified.</summary>
internal sealed class QeIdentity
{
    public const int MaxBytes = 64 << 10;
    private const string Code = "qe-identity-malformed";
    private const int MostLevels = 128;

    private readonly uint _miscSelect;
    private readonly uint _miscSelectMask;
    private readonly byte[] _attributes;
    private readonly byte[] _attributesMask;
    private readonly byte[] _signer;
    private readonly int _productId;
    private readonly IReadOnlyList<IsvLevel> _levels;

    public QeIdentity(ReadOnlyMemory<byte> json)
    {
        var document = StrictJson.Parse(json, MaxBytes, Code, "The QE identity");
        Refused.Unless(document.Integer("version") == 2, "qe-identity-version", "The QE identity is not of version 2: fetch it from version 4 of Intel's service.");
        Kind = document.Text("id") switch
        {
            "QE" => EvidenceKind.Sgx,
            "TD_QE" => EvidenceKind.Tdx,
            var id => throw document.Refuse($"id is {id}, neither QE nor TD_QE."),
        };
        Validity = new Validity(document.Time("issueDate"), document.Time("nextUpdate"));
        EvaluationNumber = document.Integer("tcbEvaluationDataNumber");
        // Written as numbers are, the highest digit first; the report has the lowest byte first.
        _miscSelect = BinaryPrimitives.ReadUInt32BigEndian(document.Hex("miscselect", 4));
        _miscSelectMask = BinaryPrimitives.ReadUInt32BigEndian(document.Hex("miscselectMask", 4));
        (_attributes, _attributesMask) = (document.Hex("attributes", 16), document.Hex("attributesMask", 16));
        (_signer, _productId) = (document.Hex("mrsigner", 32), document.Integer("isvprodid", most: ushort.MaxValue));
        _levels = IsvLevel.ReadAll(document.Objects("tcbLevels", MostLevels));
    }

    /// <summary>For which quotes the enclave is.</summary>
    public EvidenceKind Kind { get; }

    public Validity Validity { get; }

    public int EvaluationNumber { get; }

    /// <summary>The enclave is the one, in one of its levels; null where it is older than all of them.</summary>
    /// <exception cref="Refused"><c>qe-identity-mismatch</c>.</exception>
    public IsvLevel? LevelOf(EnclaveReport report)
    {
        Refused.Unless((report.MiscSelect & _miscSelectMask) == _miscSelect, "qe-identity-mismatch", "The quoting enclave's MISCSELECT is not Intel's.");
        for (var i = 0; i < _attributes.Length; i++)
            Refused.Unless((report.Attributes.Span[i] & _attributesMask[i]) == _attributes[i], "qe-identity-mismatch", "The quoting enclave's attributes are not Intel's.");
        Refused.Unless(report.MrSigner.Span.SequenceEqual(_signer), "qe-identity-mismatch", "The quoting enclave is not signed by Intel.");
        Refused.Unless(BinaryPrimitives.ReadUInt16LittleEndian(report.ProductId.Span) == _productId, "qe-identity-mismatch", "The quote is by another of Intel's enclaves.");
        return IsvLevel.Find(_levels, BinaryPrimitives.ReadUInt16LittleEndian(report.SecurityVersion.Span));
    }
}
