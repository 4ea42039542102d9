using Aivm.Sdk;

namespace Aivm.Cli.Accounts;

/// <summary>Where this user's keystore lies: <c>$AIVM_HOME/keystore</c>, by default <c>~/.aivm/keystore</c>.</summary>
internal static class AccountHome
{
    public static KeystoreDirectory Keystore { get; } = new(Path.Combine(
        Environment.GetEnvironmentVariable("AIVM_HOME") is { Length: > 0 } home
            ? home
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".aivm"),
        "keystore"));
}
