using Aivm.Cli.Output;
using Aivm.Primitives;
using Aivm.Sdk;
using Spectre.Console;

namespace Aivm.Cli.Accounts;

/// <summary>Nothing is paid that was not quoted, is not covered, or was declined.</summary>
internal static class Consent
{
    /// <summary>Asks a person; a script consented by running the command, and bounds it with an option.</summary>
    /// <exception cref="AivmException"><c>insufficient-funds</c>, <c>declined</c>.</exception>
    public static async Task RequireAsync(Wallet wallet, UInt256 total, bool yes, Terminal terminal, CancellationToken cancellation)
    {
        var balance = await wallet.GetBalanceAsync(cancellation);
        if (balance < total)
        {
            throw new AivmException(
                Failure.Input, "insufficient-funds",
                $"{wallet.Address.ToChecksumString()} has {Coins.Format(balance)} coins and needs up to {Coins.Format(total)}: send it coins, or pay from another account.");
        }
        if (!yes && terminal.Interactive && !await terminal.Progress.ConfirmAsync($"Pay up to {Coins.Format(total)} coins?", cancellationToken: cancellation))
            throw new AivmException(Failure.Check, "declined", "Nothing was sent.");
    }
}
