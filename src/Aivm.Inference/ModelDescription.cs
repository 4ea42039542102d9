using System.Collections.Immutable;
using System.Text;

namespace Aivm.Inference;

/// <summary>
/// JSON without spaces, keys in this order:
/// {"hash","gas","macs","inputs":[{"name","shape","format":"fixed"|"u8"|"index","decimals","missing","count"}],"outputs":[{"name","shape","kind":"label"|"values","exponent","classes"}]}.
/// </summary>
internal static class ModelDescription
{
    public static string Write(Model model)
    {
        var json = new StringBuilder();
        json.Append($$"""{"hash":"{{model.Hash}}","gas":{{model.Gas}},"macs":{{model.Macs}},"inputs":[""");
        var separator = "";
        foreach (var input in model.Graph.Inputs)
        {
            json.Append(separator).Append("{\"name\":").Append(Quote(input.Name)).Append(",\"shape\":").Append(List(input.Shape.Dimensions));
            json.Append(input.Format switch
            {
                InputFormat.Fixed(var decimals, var missing) => $$""","format":"fixed","decimals":{{decimals}},"missing":{{(missing ? "true" : "false")}}}""",
                InputFormat.Index(var count) => $$""","format":"index","count":{{count}}}""",
                _ => ""","format":"u8"}""",
            });
            separator = ",";
        }
        json.Append("],\"outputs\":[");
        separator = "";
        for (var i = 0; i < model.Graph.Outputs.Length; i++)
        {
            var output = model.Graph.Outputs[i];
            json.Append(separator).Append("{\"name\":").Append(Quote(output.Name)).Append(",\"shape\":").Append(List(model.OutputShape(i).Dimensions));
            json.Append($$""","kind":"{{(output.Kind == OutputKind.Label ? "label" : "values")}}","exponent":{{output.Exponent}},"classes":[""");
            json.AppendJoin(',', output.ClassNames.Select(Quote)).Append("]}");
            separator = ",";
        }
        return json.Append("]}").ToString();
    }

    private static string List(ImmutableArray<int> dimensions) => $"[{string.Join(',', dimensions)}]";

    /// <summary>Names hold no control characters (the analysis refused them), so two escapes suffice.</summary>
    private static string Quote(string name) =>
        $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
