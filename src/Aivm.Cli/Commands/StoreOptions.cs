using System.CommandLine;
using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary>Which store of content, and who one is there.</summary>
/// <param name="user">The option's name, where a command has users of another kind.</param>
internal sealed class StoreOptions(string user = "--user", string passwordFile = "--password-file")
{
    public Option<string> Location { get; } = new("--store")
    {
        Description = "A folder, or a repository like https://registry.example/team/models. By default $AIVM_HOME/content.",
        HelpName = "FOLDER|URL",
    };

    public Option<string> User { get; } = new(user) { Description = "The registry's user; a password is asked for.", HelpName = "NAME" };

    public Option<FileInfo> PasswordFile { get; } = new Option<FileInfo>(passwordFile)
    {
        Description = "Read the registry's password, or an access token, from this file (its first line) instead of asking.",
        HelpName = "FILE",
    }.AcceptExistingOnly();

    /// <summary>Null where no store was named.</summary>
    public OpenedStore? OpenIfNamed(ParseResult result, Terminal terminal) => result.GetValue(Location) is null ? null : Open(result, terminal);

    public OpenedStore Open(ParseResult result, Terminal terminal)
    {
        var location = result.GetValue(Location) ?? AccountHome.Content;
        var name = result.GetValue(User);
        if (!location.Contains("://", StringComparison.Ordinal))
            return name is null
                ? new OpenedStore(new FolderStore(location), Path.GetFullPath(location), null)
                : throw new AivmException(Failure.Input, "usage", $"{User.Name} is for registries: name one with --store https://...");
        var repository = RegistryLocation.Parse(location);
        var credentials = name is null ? null : new RegistryCredentials(name, Password.Existing(result.GetValue(PasswordFile), terminal));
        var registry = new RegistryStore(repository, new RegistryOptions { Credentials = credentials });
        return new OpenedStore(registry, repository.ToString(), registry);
    }
}

internal sealed record OpenedStore(IContentStore Store, string Name, IDisposable? Owned) : IDisposable
{
    public void Dispose() => Owned?.Dispose();
}
