using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Attestation;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>A level of a TCB, as Intel's documents have it.</summary>
internal sealed record FakeLevel(string Status, int Svn, params string[] Advisories)
{
    /// <summary>Of the first two TDX components, which are the module's.</summary>
    public int ModuleSvn { get; init; }

    public int PceSvn { get; init; } = 11;
}

/// <summary>Intel's collateral for a fake platform. Each part can be made wrong by itself; everything is signed as it is then.</summary>
internal sealed record FakeCollateral
{
    public static readonly ECDsa SignerKey = FakeRoots.P256();

    public EvidenceKind Kind { get; init; } = EvidenceKind.Tdx;

    public FakePlatform Platform { get; init; } = new();

    public long Issued { get; init; } = FakeTime.Now - FakeTime.Day;

    public long NextUpdate { get; init; } = FakeTime.Now + 30 * FakeTime.Day;

    public int EvaluationNumber { get; init; } = 17;

    public int CrlNumber { get; init; } = 3;

    public IReadOnlyList<FakeLevel> Levels { get; init; } = [new("UpToDate", 5), new("OutOfDate", 2, "INTEL-SA-00002")];

    public IReadOnlyList<FakeLevel> QeLevels { get; init; } = [new("UpToDate", 8), new("OutOfDate", 4, "INTEL-SA-00008"), new("Revoked", 2)];

    public IReadOnlyList<FakeLevel> ModuleLevels { get; init; } = [new("UpToDate", 4), new("OutOfDate", 2, "INTEL-SA-00001"), new("Revoked", 1)];

    public string? TcbInfoId { get; init; }

    public string? QeIdentityId { get; init; }

    public CertificateSpec Signer { get; init; } = new("Intel SGX TCB Signing", SignerKey) { Serial = [0x41] };

    public byte[]? PckCrl { get; init; }

    public byte[]? RootCrl { get; init; }

    public string? PckCrlChain { get; init; }

    public string? SignerChain { get; init; }

    /// <summary>Changes a signed document before it is signed.</summary>
    public Func<string, JsonObject, JsonObject> Edit { get; init; } = (_, document) => document;

    /// <summary>Changes the bundle after everything was signed.</summary>
    public Action<JsonObject> Tamper { get; init; } = _ => { };

    public byte[] Bundle()
    {
        var (tcbInfo, qeIdentity) = (Edit("tcb_info", TcbInfo()).ToJsonString(), Edit("qe_identity", QeIdentity()).ToJsonString());
        var chain = SignerChain ?? FakeAuthority.Pem(FakeRoots.Intel.Issue(Signer), FakeRoots.Intel.SelfSigned());
        var bundle = new JsonObject
        {
            ["pck_crl_issuer_chain"] = PckCrlChain ?? FakeAuthority.Pem(FakePlatform.AuthorityCertificate, FakeRoots.Intel.SelfSigned()),
            ["root_ca_crl"] = Convert.ToHexStringLower(RootCrl ?? FakeRoots.Intel.RevocationList(Issued, NextUpdate, CrlNumber)),
            ["pck_crl"] = Convert.ToHexStringLower(PckCrl ?? FakePlatform.Authority.RevocationList(Issued, NextUpdate, CrlNumber)),
            ["tcb_info_issuer_chain"] = chain,
            ["tcb_info"] = tcbInfo,
            ["tcb_info_signature"] = Sign(tcbInfo),
            ["qe_identity_issuer_chain"] = chain,
            ["qe_identity"] = qeIdentity,
            ["qe_identity_signature"] = Sign(qeIdentity),
        };
        Tamper(bundle);
        return Encoding.UTF8.GetBytes(bundle.ToJsonString());
    }

    public VerifiedCollateral Verify(long at = FakeTime.Now) => VerifiedCollateral.Verify(Bundle(), at, FakeRoots.All);

    private string Sign(string document) =>
        Convert.ToHexStringLower(((ECDsa)Signer.Key).SignData(Encoding.UTF8.GetBytes(document), Signer.Key.KeySize == 256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384));

    private JsonObject TcbInfo()
    {
        var document = new JsonObject
        {
            ["id"] = TcbInfoId ?? (Kind == EvidenceKind.Tdx ? "TDX" : "SGX"),
            ["version"] = 3,
            ["issueDate"] = FakeTime.Iso(Issued),
            ["nextUpdate"] = FakeTime.Iso(NextUpdate),
            ["fmspc"] = Convert.ToHexString(Platform.Fmspc),
            ["pceId"] = Convert.ToHexString(Platform.PceId),
            ["tcbType"] = 0,
            ["tcbEvaluationDataNumber"] = EvaluationNumber,
            ["tcbLevels"] = new JsonArray([.. Levels.Select(PlatformLevel)]),
        };
        if (Kind == EvidenceKind.Tdx)
        {
            document["tdxModule"] = Module();
            document["tdxModuleIdentities"] = new JsonArray(ModuleIdentity("TDX_01"), ModuleIdentity("TDX_03"));
        }
        return document;
    }

    private JsonObject QeIdentity() => new()
    {
        ["id"] = QeIdentityId ?? (Kind == EvidenceKind.Tdx ? "TD_QE" : "QE"),
        ["version"] = 2,
        ["issueDate"] = FakeTime.Iso(Issued),
        ["nextUpdate"] = FakeTime.Iso(NextUpdate),
        ["tcbEvaluationDataNumber"] = EvaluationNumber,
        ["miscselect"] = "00000000",
        ["miscselectMask"] = "FFFFFFFF",
        ["attributes"] = "11000000000000000000000000000000",
        ["attributesMask"] = "FBFFFFFFFFFFFFFF0000000000000000",
        ["mrsigner"] = Convert.ToHexString(FakeQuote.QeSigner),
        ["isvprodid"] = 1,
        ["tcbLevels"] = new JsonArray([.. QeLevels.Select(EnclaveLevel)]),
    };

    private JsonNode PlatformLevel(FakeLevel level)
    {
        var tcb = new JsonObject { ["sgxtcbcomponents"] = Components(level.Svn, level.Svn), ["pcesvn"] = level.PceSvn };
        if (Kind == EvidenceKind.Tdx)
            tcb["tdxtcbcomponents"] = Components(level.ModuleSvn, level.Svn);
        return Level(level, tcb);
    }

    private static JsonArray Components(int first, int others) =>
        new([.. Enumerable.Range(0, 16).Select(i => new JsonObject { ["svn"] = i < 2 ? first : others })]);

    private JsonObject ModuleIdentity(string id)
    {
        var identity = Module();
        identity["id"] = id;
        identity["tcbLevels"] = new JsonArray([.. ModuleLevels.Select(EnclaveLevel)]);
        return identity;
    }

    private static JsonObject Module() =>
        new() { ["mrsigner"] = new string('0', 96), ["attributes"] = new string('0', 16), ["attributesMask"] = new string('F', 16) };

    private static JsonNode EnclaveLevel(FakeLevel level) => Level(level, new JsonObject { ["isvsvn"] = level.Svn });

    private static JsonObject Level(FakeLevel level, JsonObject tcb)
    {
        var document = new JsonObject { ["tcb"] = tcb, ["tcbDate"] = "2024-03-13T00:00:00Z", ["tcbStatus"] = level.Status };
        if (level.Advisories.Length > 0)
            document["advisoryIDs"] = new JsonArray([.. level.Advisories.Select(advisory => JsonValue.Create(advisory))]);
        return document;
    }
}
