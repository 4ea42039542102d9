using System.Text.Json;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using Aivm.Tests.Proofs;

namespace Aivm.Tests.Cli;

public sealed class WeightsCommandTests : IDisposable
{
    private const string Context = "0x00000000000000000000000000000000000000000000000000000000000000aa";

    private readonly CliProcess _cli = new();
    private readonly string _model;
    private readonly string _row;
    private readonly string _password;

    public WeightsCommandTests()
    {
        _model = _cli.WriteFile("small.aivm", SmallNetwork.Container);
        _row = _cli.WriteFile("row.json", JsonSerializer.Serialize(new[] { SmallNetwork.Input(1) }));
        _password = _cli.WriteFile("password", "correct horse\n");
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Two_renewals_in_a_row_keep_the_models_hash_and_leave_proofs_to_make()
    {
        var ranges = await Weights("prove-ranges", "first.ranges");
        var first = await Weights("renew", "first.equality", "--context", Context);
        var second = await Weights("renew", "second.equality");
        Assert.Equal((14, 14, 14), (Left(ranges), Left(first), Left(second)));
        Assert.Equal(Text(ranges, "root"), Text(first, "old_root"));
        Assert.Equal(Text(first, "root"), Text(second, "old_root"));
        Assert.Equal((Context, Hash256.Zero.ToString()), (Text(first, "context"), Text(second, "context")));
        Assert.Equal(3, new[] { ranges, first, second }.Select(each => Text(each, "root")).Distinct().Count());

        // What a chain does with the three files, given the private model.
        var model = ModelOf(Text(ranges, "root"));
        Assert.Equal(model.Hash.ToString(), Text(second, "model"));
        Assert.True(model.TryVerifyWeightRanges(Root(ranges), Bytes("first.ranges"), out var error), error?.ToString());
        Assert.True(model.TryVerifyWeightEquality(Root(ranges), Root(first), HashOf(Context), Bytes("first.equality"), out error), error?.ToString());
        Assert.True(model.TryVerifyWeightEquality(Root(first), Root(second), Hash256.Zero, Bytes("second.equality"), out error), error?.ToString());
        Assert.False(model.TryVerifyWeightEquality(Root(ranges), Root(second), Hash256.Zero, Bytes("second.equality"), out _));

        var proof = _cli.PathOf("run.proof");
        Assert.Equal(0, (await _cli.Run("prove", _model, "--input", _row, "--private", "weights", "--password-file", _password, "-o", proof)).ExitCode);
        var verified = (await _cli.Run("verify", proof, "--json")).Json.GetProperty("statement");
        Assert.Equal((model.Hash.ToString(), Text(second, "root")), (Text(verified, "model"), Text(verified, "weight_root")));
        Assert.Equal([".", "!", "!", "."], Marks());
    }

    [Fact]
    public async Task A_spent_commitment_is_renewed_and_only_that()
    {
        await Weights("prove-ranges", "ranges");
        File.AppendAllText(Key, new string('.', CommittedWeights.MaxProofs - 2));
        string[] prove = ["prove", _model, "--input", _row, "--private", "weights", "--password-file", _password, "-o", _cli.PathOf("run.proof")];
        var refused = await _cli.Run(prove);
        CommandLineTests.AssertFailure(refused, 1, "weights-renewal");
        Assert.Contains("aivm weights renew", refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_cli.PathOf("run.proof")));
        Assert.Equal(14, Left(await Weights("renew", "equality")));
        Assert.Equal(0, (await _cli.Run(prove)).ExitCode);
    }

    /// <summary>The mark without a fresh commitment behind it is what a process leaves that dies while it proves.</summary>
    [Fact]
    public async Task A_renewal_that_died_is_done_again_at_the_same_cost()
    {
        var old = await Weights("prove-ranges", "ranges");
        File.AppendAllText(Key, new string('.', CommittedWeights.MaxProofs - 2) + "!");
        var renewed = await Weights("renew", "equality");
        Assert.Equal(Text(old, "root"), Text(renewed, "old_root"));
        Assert.Equal([".", new string('.', CommittedWeights.MaxProofs - 2) + "!", ""], Marks());
    }

    [Fact]
    public async Task The_proof_of_a_renewal_that_could_not_be_written_is_written_again()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        string[] renew = ["weights", "renew", _model, "--password-file", _password, "-o"];
        CommandLineTests.AssertFailure(await _cli.Run([.. renew, _cli.PathOf("equality")]), 2, "weights-not-found");
        var ranges = await Weights("prove-ranges", "ranges");
        CommandLineTests.AssertFailure(await _cli.Run([.. renew, _cli.PathOf("equality"), "--again"]), 2, "weights-not-renewed");
        CommandLineTests.AssertFailure(await _cli.Run([.. renew, "/dev/full", "--context", Context]), 3, "output-unwritable");
        var again = await Weights("renew", "equality", "--again");
        Assert.Equal((Text(ranges, "root"), Context), (Text(again, "old_root"), Text(again, "context")));
        Assert.True(ModelOf(Text(ranges, "root")).TryVerifyWeightEquality(Root(ranges), Root(again), HashOf(Context), Bytes("equality"), out var error), error?.ToString());
        Assert.Equal([".", "!", ""], Marks());
    }

    [Fact]
    public async Task Ranges_are_proved_once_for_each_commitment()
    {
        await Weights("prove-ranges", "once");
        await Weights("prove-ranges", "twice");
        Assert.Equal(Bytes("once"), Bytes("twice"));
        Assert.Equal([".", ""], Marks());
        await Weights("renew", "equality");
        var fresh = await Weights("prove-ranges", "fresh");
        Assert.True(ModelOf(Text(fresh, "root")).HidesWeights);
        Assert.NotEqual(Bytes("once"), Bytes("fresh"));
        Assert.Equal([".", "!", ".", ""], Marks());
        var people = await _cli.Run("weights", "prove-ranges", _model, "--password-file", _password);
        Assert.Contains("13 proofs, and one that renews", people.Output, StringComparison.Ordinal);
        Assert.Equal(Bytes("fresh"), Bytes("small.ranges"));
    }

    private async Task<JsonElement> Weights(string command, string output, params string[] more)
    {
        var outcome = await _cli.Run(["weights", command, _model, "--password-file", _password, "-o", _cli.PathOf(output), "--json", .. more]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        return outcome.Json;
    }

    private static int Left(JsonElement document) => document.GetProperty("left").GetInt32();

    private static string Text(JsonElement document, string name) => document.GetProperty(name).GetString()!;

    private static Hash256 Root(JsonElement document) => HashOf(Text(document, "root"));

    private static Hash256 HashOf(string text) => Hash256.TryParse(text, out var hash) ? hash : throw new ArgumentException("No hash.", nameof(text));

    private byte[] Bytes(string file) => File.ReadAllBytes(_cli.PathOf(file));

    private static ProvedModel ModelOf(string root)
    {
        Assert.True(ProvedModel.TryDecode(PrivateModel.Encode(SmallNetwork.Model.Graph, HashOf(root)), ModelLimits.OffChain, out var model, out var error), error?.ToString());
        return model;
    }

    /// <summary>Behind the lines of the key, one after another.</summary>
    private IEnumerable<string> Marks() => File.ReadAllText(Key).Split('\n').Where((_, line) => line % 2 == 1);

    private string Key => Path.Combine(_cli.Home, "weights", $"{SmallNetwork.Model.Hash}.key");
}
