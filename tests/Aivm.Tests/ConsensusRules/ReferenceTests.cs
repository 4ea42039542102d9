using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Aivm.Tests.ConsensusRules;

/// <summary>Who may see whom: consensus code sees no network, no clock of the operating system and no project above it.</summary>
public sealed class ReferenceTests
{
    private static readonly string[] Banned =
    [
        "System.Net", "Microsoft.AspNetCore", "Microsoft.Extensions", "Microsoft.ML", "System.Diagnostics.Process", "System.Threading.Timer",
        "System.Data", "Spectre.Console", "System.CommandLine", "Google.Protobuf",
    ];

    [Theory]
    [InlineData("Aivm.Primitives", "")]
    [InlineData("Aivm.State", "Aivm.Primitives")]
    [InlineData("Aivm.Inference", "Aivm.Primitives")]
    [InlineData("Aivm.Proofs", "Aivm.Primitives Aivm.Inference")]
    [InlineData("Aivm.Attestation", "Aivm.Primitives")]
    [InlineData("Aivm.Chain", "Aivm.Primitives Aivm.State Aivm.Inference Aivm.Proofs Aivm.Attestation")]
    public void A_consensus_assembly_sees_only_the_layers_below_it(string assembly, string below)
    {
        var references = ReferencesOf(assembly);
        var banned = references.Where(reference => Banned.Any(name => reference == name || reference.StartsWith(name + ".", StringComparison.Ordinal)));
        Assert.Empty(banned);
        Assert.Subset(below.Split(' ').ToHashSet(), references.Where(reference => reference.StartsWith("Aivm.", StringComparison.Ordinal)).ToHashSet());
    }

    /// <summary>Whoever seals an input checks evidence himself, for which it sees what verifies evidence.</summary>
    [Fact]
    public void The_client_library_sees_no_state_and_no_chain() =>
        Assert.Subset(new HashSet<string> { "Aivm.Primitives", "Aivm.Attestation" }, ReferencesOf("Aivm.Sdk").Where(reference => reference.StartsWith("Aivm.", StringComparison.Ordinal)).ToHashSet());

    private static HashSet<string> ReferencesOf(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        var metadata = file.GetMetadataReader();
        return metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)).ToHashSet();
    }
}
