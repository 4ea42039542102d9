using System.CommandLine;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm provider</c>: compute for others, and watch those who do.</summary>
internal static class ProviderCommand
{
    public static Command Create() => new("provider", "Compute inferences for others, for a price that you name; and watch those who do.")
    {
        ProviderStartCommand.Create(),
        ProviderWatchCommand.Create(),
        ProviderStatusCommand.Create(),
        ProviderListCommand.Create(),
        ProviderStakeCommand.Unbond(),
        ProviderStakeCommand.Withdraw(),
    };
}
