using System.Reflection;
using System.Text.RegularExpressions;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

/// <summary>The SDK stands without the chain's code; this holds its copy of the interface to the original, and both to the specification.</summary>
public sealed partial class AttestationsInterfaceTests
{
    private static readonly string Specification = File.ReadAllText(Path.Combine(Repository.Root, "docs", "spec", "attestations-contract.md"));

    [Fact]
    public void Addresses_and_limits_are_those_of_the_chain()
    {
        Assert.Equal(SystemContracts.Attestations, AttestationsInterface.Contract);
        Assert.Equal(SystemContracts.AttestationVerifier, AttestationsInterface.Verifier);
        Assert.Equal(StoreCollateral.MaxBytes, AttestationsInterface.MaxCollateralLength);
    }

    [Fact]
    public void Functions_and_events_are_those_of_the_chain_and_of_the_specification()
    {
        var compared = 0;
        foreach (var field in typeof(AttestationsInterface).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var original = typeof(AttestationsAbi).GetField(field.Name)?.GetValue(null);
            switch (field.GetValue(null))
            {
                case AbiFunction function:
                    var other = Assert.IsType<AbiFunction>(original);
                    Assert.Equal(other.Signature, function.Signature);
                    Assert.Equal(other.Outputs, function.Outputs);
                    AssertSpecified($"function {function.Name}({Declared(function.Inputs)})");
                    compared++;
                    break;
                case AbiEvent @event:
                    Assert.Equal(Assert.IsType<AbiEvent>(original).Parameters, @event.Parameters);
                    AssertSpecified($"event {@event.Name}({Declared(@event.Parameters)});");
                    compared++;
                    break;
            }
        }
        Assert.Equal(typeof(AttestationsAbi).GetFields(BindingFlags.Public | BindingFlags.Static).Length, compared);
    }

    [Fact]
    public void Errors_are_those_of_the_chain_and_of_the_specification()
    {
        Assert.Equal(AttestationsErrors.All.Select(error => error.Signature), AttestationsInterface.Errors.Select(error => error.Signature));
        var specified = ErrorDeclaration().Matches(Specification)
            .Select(match => new AbiError(match.Groups[1].Value, match.Groups[2].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries)).Signature);
        Assert.Equal(AttestationsInterface.Errors.Select(error => error.Signature).Order(StringComparer.Ordinal), specified.Order(StringComparer.Ordinal));
    }

    private static string Declared(IReadOnlyList<AbiParameter> parameters) =>
        string.Join(", ", parameters.Select(parameter => parameter.Indexed ? $"{parameter.Type} indexed {parameter.Name}" : $"{parameter.Type} {parameter.Name}"));

    private static void AssertSpecified(string declaration) => Assert.Contains(declaration, Spaces().Replace(Specification, " "), StringComparison.Ordinal);

    [GeneratedRegex(@"error (\w+)\(([^)]*)\);")]
    private static partial Regex ErrorDeclaration();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
