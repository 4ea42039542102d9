using Aivm.Benchmarks.Signature;
using Aivm.Inference;

namespace Aivm.Tests.Inference;

/// <summary>
/// The meaning of every operator, frozen as one hash over a fixed set of runs. It changes when the meaning changes, or the set
/// (a new operator appended to it): then `dotnet run -c Release --project bench/Aivm.Benchmarks -- signature` prints the new one. When
/// neither was meant, a kernel is wrong.
/// </summary>
public sealed class SignatureTests
{
    private const string Expected = "0x769ef59cb9548a5a5463b6d601fda4d1250e0c1e31d674f9c7ac98696c8d6f51";

    public static TheoryData<SimdLevel> Levels => [.. Graphs.Levels];

    [Theory]
    [MemberData(nameof(Levels))]
    public void Every_kernel_set_has_the_signature(SimdLevel level) => Assert.Equal(Expected, KernelSignature.Compute(level).ToString());

    [Fact]
    public void The_signature_covers_every_operator()
    {
        var operators = SignatureGraphs.All().SelectMany(run => run.Graph.Nodes).Select(node => node.Operator).Distinct();
        Assert.Equal(Enum.GetValues<Operator>().Order(), operators.Order());
    }
}
