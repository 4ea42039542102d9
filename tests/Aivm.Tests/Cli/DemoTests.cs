namespace Aivm.Tests.Cli;

/// <summary>The main job, as a user starts it.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_publishes_infers_compares_and_replays()
    {
        using var cli = new CliProcess();
        var outcome = await cli.Run("demo", "--json");
        Assert.Equal("", outcome.Error);
        Assert.Equal(0, outcome.ExitCode);

        var demo = outcome.Json;
        var models = demo.GetProperty("models").EnumerateArray().ToDictionary(model => model.GetProperty("name").GetString()!);
        Assert.Equal(["image-classifier", "loan-approval-logistic", "loan-approval-trees"], models.Keys.Order());
        Assert.Equal(1, models["loan-approval-logistic"].GetProperty("onnx_agreement").GetDouble());
        Assert.Equal(1, models["loan-approval-trees"].GetProperty("onnx_agreement").GetDouble());
        Assert.True(models["image-classifier"].GetProperty("onnx_agreement").GetDouble() >= 0.95);
        Assert.All(models.Values, model =>
        {
            Assert.Matches("^0x[0-9a-f]{64}$", model.GetProperty("hash").GetString());
            Assert.Matches("^0x[0-9a-fA-F]{40}$", model.GetProperty("address").GetString());
            Assert.True(model.GetProperty("gas").GetUInt64() > 0);
            Assert.True(model.GetProperty("macs").GetUInt64() > 0);
        });
        var paths = demo.GetProperty("paths").EnumerateArray().ToList();
        Assert.Equal(["on-chain", "zk", "development-tee"], paths.Select(path => path.GetProperty("path").GetString()));
        Assert.Equal([0, 1, 4], paths.Select(path => path.GetProperty("evidence_kind").GetInt32()));
        Assert.Single(paths.Select(path => path.GetProperty("output_hash").GetString()).Distinct());
        Assert.All(paths, path => Assert.True(path.GetProperty("verified").GetBoolean()));
        Assert.True(demo.GetProperty("same_outputs").GetBoolean());
        Assert.True(demo.GetProperty("inferences").GetInt32() >= 60);
        Assert.True(demo.GetProperty("replayed_blocks").GetInt64() > 0);
        Assert.True(demo.GetProperty("state_root_match").GetBoolean());
    }
}
