namespace Aivm.Sdk;

/// <summary>How patient a <see cref="RegistryStore"/> is, and who it says that it is.</summary>
public sealed record RegistryOptions
{
    /// <summary>Only ever sent over https, or to this machine.</summary>
    public RegistryCredentials? Credentials { get; init; }

    /// <summary>How long a registry may give no answer, or less than <see cref="LeastBytes"/> of one.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What has to come within each <see cref="StallTimeout"/> of a transfer.</summary>
    public int LeastBytes { get; init; } = 16 << 10;

    /// <summary>Attempts in a row that get nowhere, before one gives up. A MiB is somewhere.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Before the second attempt; doubled for each further one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Bytes of an upload in one request, in memory meanwhile.</summary>
    public int ChunkBytes { get; init; } = 8 << 20;
}

/// <summary>A registry's user with a password or an access token.</summary>
public sealed record RegistryCredentials(string User, string Secret)
{
    public override string ToString() => User;
}
