using System.CommandLine;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm attest</c>.</summary>
internal static class AttestCommand
{
    public static Command Create() => new("attest", "Check what trusted hardware says, and bring the chain what its vendor publishes.")
    {
        AttestVerifyCommand.Create(),
        AttestStoreCommand.Create(),
    };
}
