using System.Reflection;
using System.Text.RegularExpressions;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

/// <summary>The SDK stands without the chain's code; this holds its copies of both interfaces, and the specification, to the original.</summary>
public sealed partial class JobsInterfaceTests
{
    private static readonly string Specification = File.ReadAllText(Path.Combine(Repository.Root, "docs", "spec", "jobs.md"));

    [Fact]
    public void Addresses_are_those_of_the_chain()
    {
        Assert.Equal(SystemContracts.Jobs, JobsInterface.Contract);
        Assert.Equal(SystemContracts.Compute, ComputeInterface.Contract);
    }

    [Theory]
    [InlineData(typeof(JobsAbi), typeof(JobsInterface))]
    [InlineData(typeof(ComputeAbi), typeof(ComputeInterface))]
    public void Functions_and_events_are_those_of_the_chain(Type chain, Type sdk)
    {
        var (functions, copies) = (Members<AbiFunction>(chain), Members<AbiFunction>(sdk));
        Assert.Equal(functions.Select(Declaration), copies.Select(Declaration));
        Assert.Equal(Members<AbiEvent>(chain).Select(Declaration), Members<AbiEvent>(sdk).Select(Declaration));
    }

    [Fact]
    public void Errors_are_those_of_the_chain()
    {
        Assert.Equal(JobsErrors.All.Select(Declaration), JobsInterface.Errors.Select(Declaration));
        Assert.Equal(ComputeErrors.All.Select(Declaration), ComputeInterface.Errors.Select(Declaration));
    }

    [Fact]
    public void The_specification_lists_every_function_event_and_error_and_no_other()
    {
        AbiFunction[] evidence = [JobsAbi.ProofEvidence, JobsAbi.SignedEvidence];
        var functions = Members<AbiFunction>(typeof(JobsAbi)).Concat(Members<AbiFunction>(typeof(ComputeAbi))).Except(evidence);
        Assert.Equal(functions.Select(Declaration).Order(StringComparer.Ordinal), Specified(FunctionDeclaration()).Order(StringComparer.Ordinal));

        var events = Members<AbiEvent>(typeof(JobsAbi)).Concat(Members<AbiEvent>(typeof(ComputeAbi)));
        Assert.Equal(events.Select(Declaration).Order(StringComparer.Ordinal), Specified(EventDeclaration()).Order(StringComparer.Ordinal));

        var errors = JobsErrors.All.Select(Declaration).Union(ComputeErrors.All.Select(Declaration));
        Assert.Equal(errors.Order(StringComparer.Ordinal), Specified(ErrorDeclaration()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_specification_writes_evidence_as_the_chain_reads_it()
    {
        foreach (var evidence in (AbiFunction[])[JobsAbi.ProofEvidence, JobsAbi.SignedEvidence])
            Assert.Contains($"`abi.encode({List(evidence.Inputs)})`", Specification, StringComparison.Ordinal);
    }

    private static List<T> Members<T>(Type type) =>
        [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<T>()];

    private static string Declaration(AbiFunction function) =>
        $"function {function.Name}({List(function.Inputs)})" + (function.Outputs.Count == 0 ? "" : $" returns ({List(function.Outputs)})");

    private static string Declaration(AbiEvent @event) => $"event {@event.Name}({List(@event.Parameters)})";

    private static string Declaration(AbiError error) => $"error {error.Name}({List(error.Inputs)})";

    private static string List(IEnumerable<AbiParameter> parameters) =>
        string.Join(", ", parameters.Select(parameter => $"{parameter.Type} {(parameter.Indexed ? "indexed " : "")}{parameter.Name}"));

    /// <summary>What the specification declares, without the words that say who may call.</summary>
    private static IEnumerable<string> Specified(Regex declaration) =>
        declaration.Matches(Specification).Select(match => Visibility().Replace(match.Value.TrimEnd(';'), ""));

    [GeneratedRegex(@"function \w+\([^)]*\) external[^;(]*(returns \([^)]*\))?;")]
    private static partial Regex FunctionDeclaration();

    [GeneratedRegex(@"event \w+\([^)]*\);")]
    private static partial Regex EventDeclaration();

    [GeneratedRegex(@"error \w+\([^)]*\);")]
    private static partial Regex ErrorDeclaration();

    [GeneratedRegex(@" (external|view|pure|payable)\b")]
    private static partial Regex Visibility();
}
