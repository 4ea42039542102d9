using Aivm.Benchmarks.Conformance;

namespace Aivm.Tests.Conformance;

/// <summary>ONNX's own test data: 1,072 models with their inputs and answers.</summary>
public sealed class OnnxConformanceTests
{
    [Fact]
    public void Every_case_is_answered_within_the_stated_error_or_refused_by_name()
    {
        Assert.SkipUnless(Directory.Exists(ConformanceCase.DefaultFolder), "needs ONNX's test data (Debian: libonnx-testdata)");
        var verdicts = ConformanceCase.ReadAll(ConformanceCase.DefaultFolder).Select(ConformanceCheck.Run).ToArray();
        Assert.Equal(1072, verdicts.Length);
        Assert.DoesNotContain(verdicts, verdict => verdict.Outcome is Outcome.Wrong or Outcome.Crashed or Outcome.Hung);
        Assert.All(verdicts.Where(verdict => verdict.Outcome == Outcome.Refused), verdict => Assert.Matches("^[a-z]+(-[a-z]+)*: .+", verdict.Detail));
    }

    [Fact]
    public void An_answer_that_is_off_is_called_wrong()
    {
        Assert.SkipUnless(Directory.Exists(ConformanceCase.DefaultFolder), "needs ONNX's test data (Debian: libonnx-testdata)");
        var relu = ConformanceCase.ReadAll(ConformanceCase.DefaultFolder).First(subject => subject.Name == "test_relu");
        var expected = relu.Outputs[0]!;
        var spoilt = Aivm.Compiler.Tensor.Real(expected.Shape, [.. expected.Values.Select((value, i) => i == 7 ? value + 0.1 : value)]);
        Assert.Equal(Outcome.Within, ConformanceCheck.Run(relu).Outcome);
        Assert.Equal(Outcome.Wrong, ConformanceCheck.Run(relu with { Outputs = [spoilt] }).Outcome);
    }
}
