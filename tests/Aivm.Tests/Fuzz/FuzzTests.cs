using Aivm.Fuzz;

namespace Aivm.Tests.Fuzz;

/// <summary>
/// The first inputs of each fuzzing campaign; docs/benchmarks/fuzzing.md records the long ones. What must hold for an input stands with its target
/// in tests/Aivm.Fuzz.
/// </summary>
public sealed class FuzzTests
{
    [Theory]
    [InlineData("container", 10_000, "container-malformed", "container-truncated", "graph-field", "graph-shape", "graph-reference")]
    [InlineData("graph", 2_000, "graph-field", "graph-shape", "graph-bound", "graph-reference", "graph-type")]
    [InlineData("onnx", 4_000, "onnx-corrupt", "onnx-invalid", "unsupported-operator", "unsupported-opset", "unsupported-tensor")]
    [InlineData("csv", 2_000, "input-format", "input-value")]
    [InlineData("json", 2_000, "input-format", "input-value")]
    [InlineData("npz", 1_000, "input-format", "input-too-large")]
    [InlineData("proofs-toy", 400, "proof-rejected", "proof-malformed", "proof-truncated", "proof-trailing")]
    [InlineData("proofs", 100, "proof-rejected", "proof-malformed", "proof-truncated", "proof-trailing")]
    public void Hostile_bytes_are_accepted_with_one_meaning_or_refused_by_name(string target, int count, params string[] codes)
    {
        var campaign = new Campaign(FuzzTarget.Of(target), seed: 1);
        campaign.Run(count, workers: 1, new NoWatch());
        var failures = campaign.Failures.Select(failure => $"{failure.Command}\n{failure.Exception}");
        Assert.True(campaign.Failures.Count == 0, string.Join('\n', failures));
        // Mutations that all stop at the first check would show nothing.
        Assert.True(campaign.Tally.Of("accepted") >= count / 100, $"{campaign.Tally.Of("accepted")} inputs are accepted");
        Assert.All(codes, code => Assert.True(campaign.Tally.Of(code) > 0, $"none is refused as {code}"));
    }

    [Fact]
    public void An_input_is_the_same_whatever_ran_before_it()
    {
        var inputs = Enumerable.Range(0, 3).Select(_ => new Campaign(FuzzTarget.Of("container"), seed: 5).Input(700, new NoWatch())).ToArray();
        Assert.Equal(inputs[0], inputs[1]);
        Assert.Equal(inputs[0], inputs[2]);
        Assert.NotEqual(inputs[0], new Campaign(FuzzTarget.Of("container"), seed: 6).Input(700, new NoWatch()));
    }
}
