using System.Text.Json.Nodes;
using Aivm.Primitives;
using Aivm.Sdk;
using Aivm.Tests.Cli;

namespace Aivm.Tests.Provider;

/// <summary>Whose key an input is sealed to, where the node would like to read it.</summary>
public sealed partial class ProviderTests
{
    // The word's place in the answer of sessionOf, and in the calldata of openSession.
    private const int ToldKey = 4;
    private const int ShownKey = 3;

    private static readonly EncryptionKey OwnKey = EncryptionKey.Generate();

    public static TheoryData<string> SessionLies => [.. OfSessions.Keys];

    private static readonly Dictionary<string, (Action<JsonNode, JsonNode> Lie, string Code)> OfSessions = new()
    {
        ["its own key for the session's"] = (SwapsTheKey, "session-evidence-other"),
        ["its own key, and in what opened the session too"] = (
            (question, answer) =>
            {
                SwapsTheKey(question, answer);
                ChangeCalldata(question, answer, calldata => OwnKey.PublicKey.CopyTo(calldata.AsMemory(AbiSelector.Size + (ShownKey * Hash256.Size))));
            },
            "policy-report-data"),
        ["evidence that was changed"] = (
            (question, answer) => ChangeCalldata(question, answer, calldata => calldata[calldata.AsSpan().IndexOf("PROVES"u8) + 100] ^= 1), "development-evidence-malformed"),
        ["a call of something else"] = ((question, answer) => ChangeCalldata(question, answer, calldata => calldata[0] ^= 1), "session-evidence-missing"),
        ["no transaction"] = (
            (question, answer) =>
            {
                if (Is(question, "eth_getTransactionByHash"))
                    answer["result"] = null;
            },
            "session-evidence-missing"),
        ["no log"] = (
            (question, answer) =>
            {
                if (Is(question, "eth_getLogs"))
                    answer["result"] = new JsonArray();
            },
            "session-evidence-missing"),
        ["more blocks than there can be"] = (
            (question, answer) =>
            {
                if (Is(question, "eth_blockNumber"))
                    answer["result"] = new UInt256(ulong.MaxValue).ToHexQuantity();
                if (Is(question, "eth_getLogs"))
                {
                    answer["result"] = new JsonArray();
                    answer.AsObject().Remove("error");
                }
            },
            "session-evidence-missing"),
    };

    [Theory]
    [MemberData(nameof(SessionLies))]
    public async Task Nothing_is_sealed_or_locked_where_a_node_does_not_show_that_the_key_is_the_enclaves(string lie)
    {
        await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var cli = new CliProcess();
        using var liar = new LyingNode(_node.Node.Url, OfSessions[lie].Lie);
        var before = await _rpc.GetBalanceAsync(Customer, Cancellation);
        var row = cli.WriteFile("row.json", $"[{FloatRows[0].Json}]");
        var outcome = await RunInferAsync(cli, "off-chain", row, "--evidence", "tee", "--sealed", "--json", "--rpc", $"{liar.Url}");
        CommandLineTests.AssertFailure(outcome, 1, OfSessions[lie].Code);
        Assert.Equal(before, await _rpc.GetBalanceAsync(Customer, Cancellation));
        Assert.Equal(0ul, await new JobsClient(_rpc).CountAsync(Cancellation));
        // What was sealed would have to be shown to the node for its gas.
        Assert.DoesNotContain("eth_estimateGas", liar.Methods);
        Assert.DoesNotContain("eth_sendRawTransaction", liar.Methods);
    }

    /// <summary>A node that calls its chain one for development offers evidence that anybody can make.</summary>
    [Fact]
    public async Task Who_names_a_policy_seals_nothing_to_a_development_TEE()
    {
        await PublishAsync(OffChainKind.Onnx, FileOf(Floats), gas: 1_000_000);
        await ServeAsync(JobEvidence.DevelopmentAttested, Store);
        using var cli = new CliProcess();
        var (row, policy) = (cli.WriteFile("row.json", $"[{FloatRows[0].Json}]"), cli.WriteFile("policy.json", """{"version":1}"""));
        CommandLineTests.AssertFailure(
            await RunInferAsync(cli, "off-chain", row, "--evidence", "tee", "--sealed", "--policy", policy, "--json"), 1, "development-evidence");
        CommandLineTests.AssertFailure(
            await RunInferAsync(cli, "off-chain", row, "--evidence", "tee", "--sealed", "--policy", row, "--json"), 2, "policy-malformed");
        CommandLineTests.AssertFailure(await RunInferAsync(cli, "off-chain", row, "--evidence", "tee", "--policy", policy, "--json"), 2, "usage");
        Assert.Equal(0ul, await new JobsClient(_rpc).CountAsync(Cancellation));
    }

    private static void SwapsTheKey(JsonNode question, JsonNode answer)
    {
        if (!Is(question, "eth_call") || !((string)question["params"]![0]!["data"]!).StartsWith($"0x{AttestationsInterface.SessionOf.Selector:x8}", StringComparison.Ordinal))
            return;
        var told = Hex.Decode((string)answer["result"]!);
        OwnKey.PublicKey.CopyTo(told.AsMemory(ToldKey * Hash256.Size));
        answer["result"] = Hex.Encode(told);
    }

    private static void ChangeCalldata(JsonNode question, JsonNode answer, Action<byte[]> change)
    {
        if (!Is(question, "eth_getTransactionByHash"))
            return;
        var calldata = Hex.Decode((string)answer["result"]!["input"]!);
        change(calldata);
        answer["result"]!["input"] = Hex.Encode(calldata);
    }

    private static bool Is(JsonNode question, string method) => (string)question["method"]! == method;
}
