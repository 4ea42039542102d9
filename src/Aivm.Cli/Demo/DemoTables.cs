using System.Globalization;
using Aivm.Cli.Output;
using Aivm.Compiler;
using Aivm.Inference;
using Aivm.Sdk;
using Spectre.Console;

namespace Aivm.Cli.Demo;

/// <summary>What a person sees of the demo.</summary>
internal static class DemoTables
{
    public static void PrintModel(
        Terminal terminal, Sample sample, CompileResult compiled, PublishResult published, Model model, List<DemoRow> rows, double agreement)
    {
        terminal.Line();
        terminal.Line($"{sample.Title}  ({sample.Name})");
        terminal.Line($"  account  {published.Model.ToChecksumString()}");
        terminal.Line($"  hash     {compiled.Hash}");
        terminal.Line($"  size     {Coins.Gas((ulong)compiled.Container.Length)} bytes, {Coins.Gas(model.Macs)} MACs, {Coins.Gas(published.Gas)} gas a run; published for {Coins.Format(published.Fee)} coins");
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("input", "decision")
            .AddColumn(new TableColumn("probability").RightAligned())
            .AddColumn("ONNX Runtime")
            .AddColumn(new TableColumn("gas").RightAligned())
            .AddColumn(new TableColumn("block").RightAligned());
        foreach (var row in rows)
        {
            table.AddRow(
                row.Input, Terminal.Cell(row.Decision), row.Probability?.ToString("P1", CultureInfo.InvariantCulture) ?? "",
                row.Decision == row.Reference ? "same" : $"[yellow]{Terminal.Cell(row.Reference)}[/]",
                Coins.Gas(row.GasUsed), $"{row.Block}");
        }
        terminal.Screen.Write(table);
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"  {agreement:P0} of {rows.Count} labels equal ONNX Runtime's on the original file."));
    }

    public static void PrintPaths(Terminal terminal, IReadOnlyList<DemoPath> paths, bool same)
    {
        terminal.Line();
        terminal.Line("One inference, three paths");
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("path", "why it may be believed", "output hash")
            .AddColumn(new TableColumn("gas").RightAligned())
            .AddColumn(new TableColumn("block").RightAligned())
            .AddColumns("receipt", "checked offline");
        foreach (var path in paths)
        {
            table.AddRow(
                path.Path, Why(path.EvidenceKind), Short($"{path.OutputHash}"), Coins.Gas(path.GasUsed), $"{path.Block}", Short($"{path.ReceiptId}"),
                path.Verified ? "holds" : "[red]does not hold[/]");
        }
        terminal.Screen.Write(table);
        terminal.Line(same ? "  The same output bytes on all of them; their receipts have one format and tell them apart." : "  The outputs DIFFER.");
    }

    private static string Why(byte evidenceKind) => evidenceKind switch
    {
        0 => "every validator ran it",
        1 => "every validator verified a proof",
        4 => "a development TEE signed it: proves nothing",
        _ => "see the receipt",
    };

    private static string Short(string hash) => $"{hash[..10]}…";

    public static void PrintEnd(Terminal terminal, DemoDocument demo, TimeSpan elapsed, IReadOnlyList<string> failures)
    {
        terminal.Line();
        terminal.Line(demo.StateRootMatch
            ? $"{demo.ReplayedBlocks} blocks re-executed from genesis in a second application: the same state roots."
            : "Re-execution from genesis gave ANOTHER state root.");
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{demo.Inferences} inferences in transactions, {elapsed.TotalSeconds:F1} s in all."));
        if (failures.Count == 0)
            terminal.Line("Next: 'aivm dev' keeps a chain running; 'aivm model compile --help' starts with a model of yours.");
    }
}
