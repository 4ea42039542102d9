using System.Reflection;
using System.Text.RegularExpressions;
using Aivm.Chain;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

/// <summary>The SDK stands without the chain's code; this holds its copy of the interface to the original.</summary>
public sealed partial class ModelsInterfaceTests
{
    [Fact]
    public void Functions_and_events_are_those_of_the_chain()
    {
        Assert.Equal(SystemContracts.Models, ModelsInterface.Contract);
        var compared = 0;
        foreach (var field in typeof(ModelsInterface).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var original = typeof(ModelsAbi).GetField(field.Name)?.GetValue(null);
            switch (field.GetValue(null))
            {
                case AbiFunction function:
                    var other = Assert.IsType<AbiFunction>(original);
                    Assert.Equal(other.Signature, function.Signature);
                    Assert.Equal(other.Outputs, function.Outputs);
                    compared++;
                    break;
                case AbiEvent @event:
                    Assert.Equal(Assert.IsType<AbiEvent>(original).Parameters, @event.Parameters);
                    Assert.Equal(Assert.IsType<AbiEvent>(original).Topic, @event.Topic);
                    compared++;
                    break;
            }
        }
        Assert.InRange(compared, 15, 100);
    }

    [Fact]
    public void Limits_are_those_of_the_chain()
    {
        Assert.Equal(ModelsInterface.MaxChunkLength, ChainLimits.Default.ChunkBytes);
        Assert.Equal(ModelsInterface.MaxContainerLength, ChainLimits.Default.ModelBytes);
        Assert.Equal(Wallet.MaxTransactionGas, ChainLimits.Default.TransactionGas);
        Assert.Equal(ModelsParameters.MaxMetadataBytes, ModelsInterface.MaxMetadataLength);
    }

    [Fact]
    public void Errors_are_those_of_the_specification()
    {
        var specification = File.ReadAllText(Path.Combine(Repository.Root, "docs", "spec", "models-contract.md"));
        var specified = ErrorDeclaration().Matches(specification)
            .Select(match => new AbiError(match.Groups[1].Value, match.Groups[2].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(
            specified.Select(error => error.Signature).Order(StringComparer.Ordinal),
            ModelsInterface.Errors.Select(error => error.Signature).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"error (\w+)\(([^)]*)\);")]
    private static partial Regex ErrorDeclaration();
}
