using System.Globalization;
using Aivm.Cli.Output;
using Aivm.Compiler;
using Spectre.Console;

namespace Aivm.Cli.Commands;

/// <summary>The compiler's report for people: a row a layer, then what it all comes to.</summary>
internal static class CompileReportView
{
    /// <summary>From this width on the table has room for every column.</summary>
    private const int WideScreen = 110;

    /// <summary>What the columns beside the name take, of a model with millions of MACs a layer.</summary>
    private const int OtherColumns = 64;
    private const int OtherColumnsOnWideScreen = 98;
    private const int ShortestName = 16;

    public static void Print(Terminal terminal, CompileReport report)
    {
        terminal.Screen.Write(Layers(report.Layers, terminal.Screen.Profile.Width));
        var calibration = report.Calibration;
        var samples = $"{calibration.Samples} {(calibration.Seeded ? "seeded random" : "calibration")} samples";
        if (calibration.LabelAgreement is { } agreement)
            terminal.Line($"labels   {Percent(agreement)} as in real arithmetic, on {samples}");
        if (calibration.Accuracy is { } accuracy)
            terminal.Line($"accuracy {Percent(accuracy.After)}, {Percent(accuracy.Before)} in real arithmetic");
        if (calibration.ScoreError is { } error)
            terminal.Line($"scores   off by {Percent(error)} of their size ({Decibels(error)}), on {samples}");
        foreach (var output in calibration.Outputs)
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"output   {output.Name}: error rms {output.Rms:G3}, largest {output.Max:G3}, signal rms {output.Signal:G3}"));
        terminal.Line($"size     {Coins.Gas((ulong)report.ContainerBytes)} bytes, {Coins.Gas(report.Macs)} MACs");
        terminal.Line($"gas      {Coins.Gas(report.Gas)} a run, {Coins.Gas(report.LoadGas)} to load in a transaction");
    }

    private static Table Layers(IReadOnlyList<LayerReport> layers, int width)
    {
        var isWide = width >= WideScreen;
        var longestName = Math.Max(ShortestName, width - (isWide ? OtherColumnsOnWideScreen : OtherColumns));
        var table = new Table().Border(TableBorder.Simple).AddColumns("layer", "operator", "type");
        string[] numbers = isWide ? ["scale", "shift", "MACs", "gas", "error rms", "error dB", "error max"] : ["scale", "MACs", "gas", "error"];
        foreach (var heading in numbers)
            table.AddColumn(new TableColumn(heading).RightAligned().NoWrap());
        foreach (var layer in layers)
        {
            string[] cells = isWide
                ? [Scale(layer), layer.Shift?.ToString(CultureInfo.InvariantCulture) ?? "", Coins.Gas(layer.Macs), Coins.Gas(layer.Gas), Relative(layer, layer.RmsError), Decibels(layer.RelativeError), Relative(layer, layer.MaxError)]
                : [Scale(layer), Coins.Gas(layer.Macs), Coins.Gas(layer.Gas), Relative(layer, layer.RmsError)];
            table.AddRow([Terminal.Cell(Shortened(layer.Name, longestName)), layer.Operator, layer.Type, .. cells]);
        }
        return table;
    }

    /// <summary>What one unit of the layer's integers is worth.</summary>
    private static string Scale(LayerReport layer) => string.Create(CultureInfo.InvariantCulture, $"2^{-layer.OutputExponent}");

    /// <summary>Beside the root mean square of what the layer should yield.</summary>
    private static string Relative(LayerReport layer, double? error) => layer.RmsSignal > 0 && error is { } value ? Percent(value / layer.RmsSignal.Value) : "";

    private static string Decibels(double? ratio) => ratio > 0 ? string.Create(CultureInfo.InvariantCulture, $"{20 * Math.Log10(ratio.Value):F1} dB") : "";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %");

    /// <summary>A name's end tells layers apart better than its beginning.</summary>
    private static string Shortened(string name, int longest) => name.Length <= longest ? name : $"…{name[^(longest - 1)..]}";
}
