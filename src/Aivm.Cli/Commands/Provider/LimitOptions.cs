using System.CommandLine;

namespace Aivm.Cli.Commands;

/// <summary>How much of the machine a provider, or a watcher, may use.</summary>
internal static class LimitOptions
{
    public static Option<int> MemoryMib() => Number("--memory-mib", "Memory for prepared models.", 512, 16, 1 << 20);

    public static Option<int> DiskGib() => Number("--disk-gib", "Disk for models, inputs and answers.", 4, 1, 1 << 16);

    public static Option<int> Number(string name, string description, int otherwise, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var number) || number < least || number > most))
                result.AddError($"{name} takes {least} to {most}.");
        });
        return option;
    }
}
