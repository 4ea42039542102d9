using Aivm.Chain;
using Aivm.Primitives;

namespace Aivm.Node;

/// <summary>An account that the development node signs for. Its key is public knowledge: never send it real value.</summary>
public sealed record DevAccount(Address Address, ReadOnlyMemory<byte> Key);

/// <summary>The development chain: the chain id, mnemonic and accounts that Ethereum's other development nodes use too.</summary>
public static class DevChain
{
    public const ulong ChainId = 31337;

    public const string Mnemonic = "test test test test test test test test test test test junk";

    public const ulong DefaultBlockGasLimit = 100_000_000;

    /// <summary>2025-01-01. Fixed, so that equal options give an equal genesis.</summary>
    private const ulong GenesisTime = 1_735_689_600;

    /// <summary>10,000 coins of 18 decimals.</summary>
    private static readonly UInt256 Balance = UInt256.Parse("10000000000000000000000");

    /// <summary>m/44'/60'/0'/0/0 to 9 of <see cref="Mnemonic"/>.</summary>
    public static readonly IReadOnlyList<DevAccount> Accounts =
    [
        Account("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
        Account("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
        Account("0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
        Account("0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
        Account("0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"),
        Account("0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
        Account("0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
        Account("0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"),
        Account("0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"),
        Account("0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"),
    ];

    /// <summary>How long an answer without a proof may be challenged, in seconds: on a development chain nobody waits a day.</summary>
    public const ulong DefaultChallengeSeconds = 60;

    public static Genesis Genesis(ulong blockGasLimit = DefaultBlockGasLimit, ulong challengeSeconds = DefaultChallengeSeconds) => new()
    {
        ChainId = ChainId,
        Time = GenesisTime,
        GasLimit = blockGasLimit,
        Market = MarketRules.Default with
        {
            AcceptSeconds = 10,
            AcceptBlocks = 0,
            DeadlineBlocks = 0,
            ChallengeSeconds = challengeSeconds,
            UnbondingSeconds = 2 * challengeSeconds,
        },
        Attestation = new AttestationRules { DevelopmentTee = true },
        Alloc = [.. Accounts.Select(account => new GenesisAccount(account.Address, Balance)).OrderBy(account => account.Address)],
    };

    private static DevAccount Account(string key)
    {
        var bytes = Hex.Decode(key);
        return new DevAccount(Secp256k1.AddressOf(bytes), bytes);
    }
}
