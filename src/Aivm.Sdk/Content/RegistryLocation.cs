using System.Text.RegularExpressions;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>A repository of an OCI registry: <c>https://HOST[:PORT]/NAME</c>; http for this machine alone.</summary>
public sealed partial record RegistryLocation
{
    private const int MaxNameLength = 255;

    private RegistryLocation(Uri registry, string name) => (Registry, Name) = (registry, name);

    /// <summary>Scheme, host and port.</summary>
    public Uri Registry { get; }

    public string Name { get; }

    /// <exception cref="AivmException"><c>registry-location</c>.</exception>
    public static RegistryLocation Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Query != "" || url.Fragment != "" || url.UserInfo != "")
            throw Invalid(text, "it is no address like https://registry.example/team/models");
        var name = url.AbsolutePath.Trim('/');
        if (name.Length > MaxNameLength || !RepositoryName().IsMatch(name))
            throw Invalid(text, "the name of its repository has parts of a-z and 0-9, joined by '.', '_', '-' and '/'");
        if (url.Scheme == "http" && !url.IsLoopback)
            throw Invalid(text, "other machines are spoken to over https");
        return new RegistryLocation(new Uri(url.GetLeftPart(UriPartial.Authority)), name);
    }

    public override string ToString() => $"{Registry.GetLeftPart(UriPartial.Authority)}/{Name}";

    internal Uri At(string path) => new(Registry, $"/v2/{Name}/{path}");

    private static AivmException Invalid(string text, string reason) => new(Failure.Input, "registry-location", $"'{text}' names no repository: {reason}.");

    // The grammar of the OCI distribution specification, "Pulling manifests".
    [GeneratedRegex(@"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$", RegexOptions.CultureInvariant)]
    private static partial Regex RepositoryName();
}
