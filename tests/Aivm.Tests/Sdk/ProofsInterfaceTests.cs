using System.Text.RegularExpressions;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

/// <summary>The SDK stands without the chain's code; this holds its copy of the interface to the original.</summary>
public sealed partial class ProofsInterfaceTests
{
    [Fact]
    public void Address_functions_and_errors_are_those_of_the_chain()
    {
        Assert.Equal(SystemContracts.Proofs, ProofsInterface.Contract);
        Assert.Equal(ProofsAbi.VerifyProof.Signature, ProofsInterface.VerifyProof.Signature);
        Assert.Equal(ProofsAbi.VerificationGas.Signature, ProofsInterface.VerificationGas.Signature);
        Assert.Equal(ProofsAbi.VerificationGasByRoot.Signature, ProofsInterface.VerificationGasByRoot.Signature);
        Assert.Equal(ProofsErrors.All.Select(error => error.Signature), ProofsInterface.Errors.Select(error => error.Signature));
    }

    [Fact]
    public void The_specification_lists_them()
    {
        var specification = File.ReadAllText(Path.Combine(Repository.Root, "docs", "spec", "proofs-precompile.md"));
        var specified = ErrorDeclaration().Matches(specification)
            .Select(match => new AbiError(match.Groups[1].Value, match.Groups[2].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries)).Signature);
        Assert.Equal(ProofsInterface.Errors.Select(error => error.Signature).Order(StringComparer.Ordinal), specified.Order(StringComparer.Ordinal));
        foreach (var function in (AbiFunction[])[ProofsInterface.VerifyProof, ProofsInterface.VerificationGas, ProofsInterface.VerificationGasByRoot])
            Assert.Contains($"function {function.Name}({string.Join(", ", function.Inputs.Select(input => $"{input.Type} {input.Name}"))})", Spaces().Replace(specification, " "), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"error (\w+)\(([^)]*)\);")]
    private static partial Regex ErrorDeclaration();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
