using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Provider;

namespace Aivm.Cli.Proving;

/// <summary>Keys of private weights in this user's home, by the hash of the model with its weights.</summary>
internal static class WeightKeys
{
    /// <summary>The key is made when it is first asked for.</summary>
    /// <exception cref="AivmException">Those of <see cref="PrivateWeights"/>.</exception>
    public static PrivateWeights Open(Model full, string password, Action<string> report)
    {
        if (!Exists(full))
            PrivateWeights.Create(full, PathOf(full), password, report);
        return PrivateWeights.Open(full, PathOf(full), password, report);
    }

    public static bool Exists(Model full) => File.Exists(PathOf(full));

    /// <summary>Of the key that there is, or of the one that will be made.</summary>
    public static string PasswordOf(Model full, FileInfo? file, Terminal terminal) =>
        Exists(full) ? Password.Existing(file, terminal) : Password.New(file, terminal);

    private static string PathOf(Model full) => Path.Combine(AccountHome.Weights, $"{full.Hash}.key");
}
