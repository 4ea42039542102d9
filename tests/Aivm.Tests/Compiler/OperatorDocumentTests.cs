using System.Text.RegularExpressions;
using Aivm.Compiler.Import;

namespace Aivm.Tests.Compiler;

public sealed partial class OperatorDocumentTests
{
    /// <summary>The first column of every table.</summary>
    private static HashSet<string> Documented() =>
        [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "onnx-operators.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Names().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value))];

    [Fact]
    public void Every_supported_operator_is_in_the_document_and_nothing_else()
    {
        var supported = OperatorTable.Supported.Select(name => name.Operation).ToHashSet();
        Assert.Empty(supported.Except(Documented()));
        Assert.Empty(Documented().Except(supported));
    }

    [GeneratedRegex("`([A-Za-z0-9]+)`")]
    private static partial Regex Names();
}
