using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// A genesis as JSON. Strict: every key is known and stands once, addresses and code are 0x-hexadecimal, balances and the base fee decimal
/// text in wei. <see cref="Write"/> is canonical: equal geneses give equal bytes.
/// </summary>
public static class GenesisFile
{
    public const int MaxBytes = 16 << 20;

    private static readonly GenesisJsonContext Strict = new(new JsonSerializerOptions(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        MaxDepth = 8,
    });

    public static byte[] Write(Genesis genesis)
    {
        var alloc = new SortedDictionary<string, AccountJson>(StringComparer.Ordinal);
        foreach (var account in genesis.Alloc)
        {
            var code = account.Code.IsEmpty ? null : Hex.Encode(account.Code.Span);
            alloc.Add(account.Address.ToString(), new AccountJson { Balance = account.Balance.ToString(), Nonce = account.Nonce, Code = code });
        }
        var json = new GenesisJson
        {
            ChainId = genesis.ChainId,
            Time = genesis.Time,
            GasLimit = genesis.GasLimit,
            BaseFee = genesis.BaseFee.ToString(),
            NetworkFeeBps = genesis.NetworkFeeBps,
            Limits = LimitsJson.Of(genesis.Limits),
            Market = MarketJson.Of(genesis.Market),
            Attestation = AttestationJson.Of(genesis.Attestation),
            Alloc = alloc,
        };
        return JsonSerializer.SerializeToUtf8Bytes(json, Strict.GenesisJson);
    }

    /// <summary>Errors: <c>genesis-invalid</c>, with what is wrong and where.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out Genesis? genesis, [NotNullWhen(false)] out Error? error)
    {
        genesis = null;
        if (json.Length > MaxBytes)
            return Fails($"it has {json.Length} bytes; the limit is {MaxBytes}", out error);
        GenesisJson? file;
        try
        {
            file = JsonSerializer.Deserialize(json, Strict.GenesisJson);
        }
        catch (JsonException exception)
        {
            return Fails(exception.Message, out error);
        }
        if (file is null)
            return Fails("it is null", out error);
        return TryConvert(file, out genesis, out error);
    }

    private static bool TryConvert(GenesisJson file, [NotNullWhen(true)] out Genesis? genesis, [NotNullWhen(false)] out Error? error)
    {
        genesis = null;
        if (!UInt256.TryParse(file.BaseFee, out var baseFee))
            return Fails("baseFee is not a number", out error);
        if (!(file.Market ?? new MarketJson()).TryConvert(out var market))
            return Fails("market.minStake is not a number", out error);
        var alloc = new List<GenesisAccount>();
        foreach (var (key, value) in file.Alloc)
        {
            if (!key.StartsWith("0x", StringComparison.Ordinal) || !Address.TryParse(key, out var address))
                return Fails($"alloc has the key {key}, which is not an address", out error);
            if (!UInt256.TryParse(value.Balance, out var balance))
                return Fails($"the balance of {key} is not a number", out error);
            if (!Hex.TryDecode(value.Code, out var code))
                return Fails($"the code of {key} is not hexadecimal", out error);
            alloc.Add(new GenesisAccount(address, balance, value.Nonce, code));
        }
        alloc.Sort((left, right) => left.Address.CompareTo(right.Address));
        genesis = new Genesis
        {
            ChainId = file.ChainId,
            Time = file.Time,
            GasLimit = file.GasLimit,
            BaseFee = baseFee,
            NetworkFeeBps = file.NetworkFeeBps,
            Limits = file.Limits.ToLimits(),
            Market = market,
            Attestation = (file.Attestation ?? new AttestationJson()).ToRules(),
            Alloc = alloc,
        };
        error = genesis.Validate();
        return error is null;
    }

    private static bool Fails(string reason, out Error error)
    {
        error = new Error("genesis-invalid", $"The genesis is refused: {reason}.");
        return false;
    }
}

internal sealed record GenesisJson
{
    public required ulong ChainId { get; init; }

    public ulong Time { get; init; }

    public required ulong GasLimit { get; init; }

    public required string BaseFee { get; init; }

    public ushort NetworkFeeBps { get; init; }

    public required LimitsJson Limits { get; init; }

    public MarketJson? Market { get; init; }

    public AttestationJson? Attestation { get; init; }

    public required SortedDictionary<string, AccountJson> Alloc { get; init; }
}

/// <summary>Limits that a file leaves out have their defaults: generated readers set what is absent to zero, hence the nulls.</summary>
internal sealed record LimitsJson
{
    public ulong? TransactionGas { get; init; }

    public int? TransactionBytes { get; init; }

    public int? BlockBytes { get; init; }

    public int? ModelBytes { get; init; }

    public int? ChunkBytes { get; init; }

    public ulong? UploadLifetime { get; init; }

    public static LimitsJson Of(ChainLimits limits) => new()
    {
        TransactionGas = limits.TransactionGas,
        TransactionBytes = limits.TransactionBytes,
        BlockBytes = limits.BlockBytes,
        ModelBytes = limits.ModelBytes,
        ChunkBytes = limits.ChunkBytes,
        UploadLifetime = limits.UploadLifetime,
    };

    public ChainLimits ToLimits() => new()
    {
        TransactionGas = TransactionGas ?? ChainLimits.Default.TransactionGas,
        TransactionBytes = TransactionBytes ?? ChainLimits.Default.TransactionBytes,
        BlockBytes = BlockBytes ?? ChainLimits.Default.BlockBytes,
        ModelBytes = ModelBytes ?? ChainLimits.Default.ModelBytes,
        ChunkBytes = ChunkBytes ?? ChainLimits.Default.ChunkBytes,
        UploadLifetime = UploadLifetime ?? ChainLimits.Default.UploadLifetime,
    };
}

/// <summary>Rules that a file leaves out have their defaults, as limits have.</summary>
internal sealed record MarketJson
{
    public string? MinStake { get; init; }

    public ulong? AcceptSeconds { get; init; }

    public ulong? AcceptBlocks { get; init; }

    public ulong? DeadlineBlocks { get; init; }

    public ulong? ChallengeSeconds { get; init; }

    public ulong? UnbondingSeconds { get; init; }

    public static MarketJson Of(MarketRules rules) => new()
    {
        MinStake = rules.MinStake.ToString(),
        AcceptSeconds = rules.AcceptSeconds,
        AcceptBlocks = rules.AcceptBlocks,
        DeadlineBlocks = rules.DeadlineBlocks,
        ChallengeSeconds = rules.ChallengeSeconds,
        UnbondingSeconds = rules.UnbondingSeconds,
    };

    public bool TryConvert(out MarketRules rules)
    {
        var defaults = MarketRules.Default;
        var minStake = defaults.MinStake;
        var isNumber = MinStake is null || UInt256.TryParse(MinStake, out minStake);
        rules = new MarketRules
        {
            MinStake = minStake,
            AcceptSeconds = AcceptSeconds ?? defaults.AcceptSeconds,
            AcceptBlocks = AcceptBlocks ?? defaults.AcceptBlocks,
            DeadlineBlocks = DeadlineBlocks ?? defaults.DeadlineBlocks,
            ChallengeSeconds = ChallengeSeconds ?? defaults.ChallengeSeconds,
            UnbondingSeconds = UnbondingSeconds ?? defaults.UnbondingSeconds,
        };
        return isNumber;
    }
}

/// <summary>Rules that a file leaves out have their defaults, as limits have.</summary>
internal sealed record AttestationJson
{
    public bool DevelopmentTee { get; init; }

    /// <summary>The policy's own JSON, as text.</summary>
    public string? Policy { get; init; }

    public ulong? SessionSeconds { get; init; }

    public ulong? FreshnessBlocks { get; init; }

    public static AttestationJson Of(AttestationRules rules) => new()
    {
        DevelopmentTee = rules.DevelopmentTee,
        Policy = rules.Policy.Length == 0 ? null : rules.Policy,
        SessionSeconds = rules.SessionSeconds,
        FreshnessBlocks = rules.FreshnessBlocks,
    };

    public AttestationRules ToRules() => new()
    {
        DevelopmentTee = DevelopmentTee,
        Policy = Policy ?? "",
        SessionSeconds = SessionSeconds ?? AttestationRules.Default.SessionSeconds,
        FreshnessBlocks = FreshnessBlocks ?? AttestationRules.Default.FreshnessBlocks,
    };
}

internal sealed record AccountJson
{
    public required string Balance { get; init; }

    public ulong Nonce { get; init; }

    public string? Code { get; init; }
}

[JsonSerializable(typeof(GenesisJson))]
internal sealed partial class GenesisJsonContext : JsonSerializerContext;
