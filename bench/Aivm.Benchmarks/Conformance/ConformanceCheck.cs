using System.Globalization;
using System.Text;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Compiler.Onnx;
using Aivm.Inference;
using Aivm.Primitives;
using Tensor = Aivm.Compiler.Tensor;

namespace Aivm.Benchmarks.Conformance;

/// <summary>
/// Compiles a case's model with the case's own input as its one calibration sample, runs it, and holds the answer against the expected one.
/// </summary>
internal static class ConformanceCheck
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Expected values have 24 bits, and ONNX's own tests allow a relative 1e-3.</summary>
    private const double Rounding = 1e-4;

    public static ConformanceVerdict Run(ConformanceCase subject)
    {
        var check = Task.Run(() => Check(subject));
        return check.Wait(Patience) ? check.Result : Verdict(subject, Outcome.Hung, $"no answer after {Patience.TotalSeconds} s", [], 0);
    }

    private static ConformanceVerdict Check(ConformanceCase subject)
    {
        try
        {
            return Check(subject, bound: []);
        }
        catch (AivmException refusal) when (refusal.Failure == Failure.Input)
        {
            return CheckBound(subject, refusal);
        }
        catch (Exception fault)
        {
            return Verdict(subject, Outcome.Crashed, $"{fault.GetType().Name}: {fault.Message}", [], 0);
        }
    }

    /// <summary>Once more with one input only, the others constant; the first refusal stands where that helps nothing.</summary>
    private static ConformanceVerdict CheckBound(ConformanceCase subject, AivmException refusal)
    {
        var refused = Verdict(subject, Outcome.Refused, $"{refusal.Error.Code}: {refusal.Message}", [], 0);
        if (subject.Inputs.Count < 2 || subject.Inputs.Any(input => input is null))
            return refused;
        for (var free = 0; free < subject.Inputs.Count; free++)
        {
            try
            {
                return Check(subject, bound: [.. Enumerable.Range(0, subject.Inputs.Count).Where(i => i != free)]);
            }
            catch (AivmException again) when (again.Failure == Failure.Input)
            {
            }
            catch (Exception fault)
            {
                return Verdict(subject, Outcome.Crashed, $"{fault.GetType().Name}: {fault.Message}", [], 0);
            }
        }
        return refused;
    }

    private static ConformanceVerdict Check(ConformanceCase subject, int[] bound)
    {
        var names = BoundModel.Inputs(subject.Model);
        var model = bound.Length == 0
            ? subject.Model
            : BoundModel.Bind(subject.Model, bound.ToDictionary(i => names[i], i => subject.InputFiles[i]));
        // What no caller could pass may still be compiled, or refused for a reason of its own.
        if (subject.Inputs.Any(input => input is null || input.Values.Any(value => !double.IsFinite(value))))
            OnnxCompiler.Compile(model, new CompileOptions());
        Tensor[] free = [.. subject.Inputs.Where((_, i) => !bound.Contains(i)).Select(input => input ?? throw Unreadable("an input"))];
        var result = OnnxCompiler.Compile(model, new CompileOptions { Calibration = Sample(free) });
        if (!Model.TryLoad(result.Container, ModelLimits.OffChain, out var compiled, out var error))
            throw new InvalidOperationException($"the compiled container is refused: {error}");
        var output = new long[compiled.OutputCount];
        if (!compiled.TryRun(CallerValues(compiled, free), output, out error))
            throw new InvalidOperationException($"the compiled model does not run: {error}");
        return Compare(subject, [.. bound.Select(i => names[i])], result.Report, compiled, output);
    }

    private static ConformanceVerdict Compare(ConformanceCase subject, string[] bound, CompileReport report, Model model, long[] answer)
    {
        var (at, exact, worst) = (0, true, 0.0);
        for (var o = 0; o < model.Graph.Outputs.Length; o++)
        {
            var output = model.Graph.Outputs[o];
            var count = (int)model.OutputShape(o).Elements;
            var values = answer.AsSpan(at, count);
            at += count;
            if (o >= subject.Outputs.Count || subject.Outputs[o] is not { } expected)
                return Verdict(subject, Outcome.Wrong, $"output {output.Name} is expected to be no tensor of numbers", bound, 0);
            if (expected.Count != count)
                return Verdict(subject, Outcome.Wrong, $"output {output.Name} has {count} elements, {expected.Count} are expected", bound, 0);
            var stated = report.Calibration.Outputs.FirstOrDefault(error => error.Name == output.Name)?.Max ?? 0;
            var largest = expected.Values.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
            for (var i = 0; i < count; i++)
            {
                var got = Math.ScaleB(values[i], -output.Exponent);
                var error = Math.Abs(got - expected.Values[i]);
                exact &= error == 0;
                if (!(error <= stated + (Rounding * largest) + 1e-6))
                {
                    return Verdict(subject, Outcome.Wrong, string.Create(CultureInfo.InvariantCulture,
                        $"element {i} of {output.Name} is {got:G6}, {expected.Values[i]:G6} is expected; the stated error is {stated:G3}"), bound, error / largest);
                }
                worst = Math.Max(worst, error / Math.Max(largest, 1e-6));
            }
        }
        return Verdict(subject, exact ? Outcome.Exact : Outcome.Within, "", bound, worst);
    }

    /// <summary>One row with all inputs, one after another, as a caller's file would hold it.</summary>
    private static SampleSet Sample(IReadOnlyList<Tensor> inputs)
    {
        var text = new StringBuilder("[[");
        text.AppendJoin(',', inputs.SelectMany(input => input.Values).Select(value =>
            double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : throw Unreadable("an infinite input, or one that is no number,")));
        return JsonRows.Read(Encoding.UTF8.GetBytes(text.Append("]]").ToString()));
    }

    private static long[] CallerValues(Model model, IReadOnlyList<Tensor> inputs)
    {
        var values = new List<long>();
        for (var i = 0; i < model.Graph.Inputs.Length; i++)
        {
            var decimals = model.Graph.Inputs[i].Format is InputFormat.Fixed(var places, _) ? places : 0;
            foreach (var value in inputs[i].Values)
                values.Add(DecimalNumber.TryToFixed(value, decimals, out var caller) ? caller : throw Unreadable("an input beyond 64 bits"));
        }
        return [.. values];
    }

    private static AivmException Unreadable(string what) => new(Failure.Input, "input-value", $"{what} cannot be passed to a model.");

    private static ConformanceVerdict Verdict(ConformanceCase subject, Outcome outcome, string detail, IReadOnlyList<string> bound, double error) =>
        new(subject.Group, subject.Name, OperatorOf(subject), outcome, detail, bound, error);

    /// <summary>The model's one operator, or the several that it has.</summary>
    private static string OperatorOf(ConformanceCase subject)
    {
        try
        {
            var operations = OnnxReader.Read(subject.Model).Graph.Nodes.Select(node => node.Operation).Distinct().ToArray();
            return operations.Length == 1 ? operations[0] : "";
        }
        catch (AivmException)
        {
            return "";
        }
    }
}
