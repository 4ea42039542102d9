using System.Text.Json;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Tests.Inference.Reference;

namespace Aivm.Tests.Inference;

/// <summary>
/// Version 1 of the container is frozen: what these files say, they will always say. They are never written again; a file that a test
/// below refuses means that the code is wrong, or that there has to be another version.
/// </summary>
public sealed class FrozenContainerTests
{
    private static string Folder => Path.Combine(Repository.Root, "tests", "Aivm.Tests", "Inference", "Fixtures");

    private sealed record Fixture(string Name, string Hash, Run[] Runs);

    private sealed record Run(long[] Input, long[] Output);

    private static Fixture[] Fixtures() => JsonSerializer.Deserialize<Fixture[]>(File.ReadAllText(Path.Combine(Folder, "fixtures.json")), JsonSerializerOptions.Web)!;

    private static byte[] Read(Fixture fixture) => File.ReadAllBytes(Path.Combine(Folder, $"{fixture.Name}.aivm"));

    [Fact]
    public void A_container_keeps_its_hash_and_its_encoding()
    {
        foreach (var fixture in Fixtures())
        {
            var container = Read(fixture);
            Assert.Equal(fixture.Hash, Keccak.Hash(container).ToString());
            Assert.True(Container.TryDecode(container, ModelLimits.OnChain, out var graph, out var error), $"{fixture.Name}: {error}");
            Assert.Equal(container, Container.Encode(graph));
        }
    }

    [Fact]
    public void A_container_keeps_its_answers_on_every_kernel_set_and_in_the_reference()
    {
        foreach (var fixture in Fixtures())
        {
            foreach (var level in Graphs.Levels)
            {
                Assert.True(Model.TryLoad(Read(fixture), ModelLimits.OnChain, level, out var model, out var error), $"{fixture.Name}: {error}");
                foreach (var run in fixture.Runs)
                {
                    var output = new long[model.OutputCount];
                    Assert.True(model.TryRun(run.Input, output, out error), error?.ToString());
                    Assert.True(run.Output.AsSpan().SequenceEqual(output), $"{fixture.Name} on {level}");
                    Assert.Equal(run.Output, ReferenceInterpreter.Run(model.Graph, run.Input));
                }
            }
        }
    }

    [Fact]
    public void Every_operator_input_format_requantisation_and_type_of_constant_is_frozen()
    {
        Graph[] graphs = [.. Fixtures().Select(fixture => Container.TryDecode(Read(fixture), ModelLimits.OnChain, out var graph, out _) ? graph : null!)];
        GraphNode[] nodes = [.. graphs.SelectMany(graph => graph.Nodes)];
        Assert.Equal(Enum.GetValues<Operator>().Order(), nodes.Select(node => node.Operator).Distinct().Order());
        Assert.Equal(3, graphs.SelectMany(graph => graph.Inputs).Select(input => input.Format.GetType()).Distinct().Count());
        Assert.Contains(graphs.SelectMany(graph => graph.Inputs), input => input.Format is InputFormat.Fixed { AllowsMissing: true });
        Assert.Equal(2, graphs.SelectMany(graph => graph.Outputs).Select(output => output.Kind).Distinct().Count());
        Requantise[] requantises = [.. nodes.OfType<DenseNode>().Select(dense => dense.Requantise), .. nodes.OfType<ConvNode>().Select(conv => conv.Requantise)];
        Assert.Contains(requantises, requantise => requantise.Shifts.Length > 1 && requantise.Activation is Activation.Clamp);
        Assert.Contains(requantises, requantise => requantise.Activation is Activation.Table);
        Assert.Contains(requantises, requantise => requantise.Output == ElementType.S32 && requantise.Shifts.Length > 1);
        ElementType[] constants = [.. nodes.SelectMany(node => node.Constants).Select(constant => constant.Type).Distinct().Order()];
        Assert.Equal([ElementType.S8, ElementType.S16, ElementType.S32, ElementType.S64], constants);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(255)]
    public void Another_version_is_refused_by_name(byte version)
    {
        foreach (var fixture in Fixtures())
        {
            var container = Read(fixture);
            container[4] = version;
            Assert.False(Model.TryLoad(container, out _, out var error));
            Assert.Equal("container-version", error.Code);
        }
    }
}
