using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Accounts;

/// <summary>What is this user's: <c>$AIVM_HOME</c>, by default <c>~/.aivm</c>.</summary>
internal static class AccountHome
{
    private static readonly string Home = Environment.GetEnvironmentVariable("AIVM_HOME") is { Length: > 0 } home
        ? home
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".aivm");

    public static KeystoreDirectory Keystore { get; } = new(Path.Combine(Home, "keystore"));

    /// <summary>Keys of private weights, one a model.</summary>
    public static string Weights { get; } = Path.Combine(Home, "weights");

    /// <summary>The directory of one provider.</summary>
    public static string ProviderOf(Address provider) => Path.Combine(Home, "provider", provider.ToString());

    /// <summary>Models and inputs by their digest.</summary>
    public static string Content { get; } = Path.Combine(Home, "content");
}
