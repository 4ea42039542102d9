namespace Aivm.Attestation;

/// <summary>
/// Intel's list of a platform family's TCB levels (Intel PCS API version 4, "Get TCB Info", TCB info version 3), read from bytes whose signature was
/// verified. Levels are in descending order.
/// </summary>
internal sealed class TcbInfo
{
    public const int MaxBytes = 256 << 10;
    private const string Code = "tcb-info-malformed";
    private const int MostLevels = 128;
    private const int MostModules = 64;

    public TcbInfo(ReadOnlyMemory<byte> json)
    {
        var document = StrictJson.Parse(json, MaxBytes, Code, "The TCB info");
        Refused.Unless(document.Integer("version") == 3, "tcb-info-version", "The TCB info is not of version 3: fetch it from version 4 of Intel's service.");
        Kind = document.Text("id") switch
        {
            "SGX" => EvidenceKind.Sgx,
            "TDX" => EvidenceKind.Tdx,
            var id => throw document.Refuse($"id is {id}, neither SGX nor TDX."),
        };
        if (document.Integer("tcbType") != 0)
            throw document.Refuse("tcbType is not 0, the one known way to compare levels.");
        Validity = new Validity(document.Time("issueDate"), document.Time("nextUpdate"));
        EvaluationNumber = document.Integer("tcbEvaluationDataNumber");
        Fmspc = document.Hex("fmspc", 6);
        PceId = document.Hex("pceId", 2);
        Levels = TcbLevel.ReadAll(document.Objects("tcbLevels", MostLevels), Kind);
        if (Kind != EvidenceKind.Tdx)
            return;
        Module = new TdxModule(document.Object("tdxModule"));
        // Absent before TDX 1.5.
        ModuleVersions = document.Has("tdxModuleIdentities")
            ? document.Objects("tdxModuleIdentities", MostModules).ConvertAll(identity => new TdxModuleIdentity(identity))
            : [];
    }

    public EvidenceKind Kind { get; }

    /// <summary>From issueDate to nextUpdate.</summary>
    public Validity Validity { get; }

    public int EvaluationNumber { get; }

    public ReadOnlyMemory<byte> Fmspc { get; }

    public ReadOnlyMemory<byte> PceId { get; }

    public IReadOnlyList<TcbLevel> Levels { get; }

    /// <summary>The TDX module of version 0; for TDX only.</summary>
    public TdxModule? Module { get; }

    /// <summary>The TDX modules of later versions.</summary>
    public IReadOnlyList<TdxModuleIdentity> ModuleVersions { get; } = [];

    /// <summary>The identity TDX_ and the version in two hexadecimal digits, or null.</summary>
    public TdxModuleIdentity? FindModule(byte version)
    {
        foreach (var identity in ModuleVersions)
        {
            if (string.Equals(identity.Id, $"TDX_{version:X2}", StringComparison.OrdinalIgnoreCase))
                return identity;
        }
        return null;
    }
}
