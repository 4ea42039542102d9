using System.CommandLine;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm attest</c>.</summary>
internal static class AttestCommand
{
    public static Command Create() => new("attest", "Check what trusted hardware says.")
    {
        AttestVerifyCommand.Create(),
    };
}
