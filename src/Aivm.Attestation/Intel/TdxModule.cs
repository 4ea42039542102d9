namespace Aivm.Attestation;

/// <summary>Who signed a TDX module, and with which attributes it runs.</summary>
internal sealed class TdxModule(StrictJson module)
{
    private readonly byte[] _signer = module.Hex("mrsigner", 48);
    private readonly byte[] _attributes = module.Hex("attributes", 8);

    /// <summary>Whether the module that the quote names is this one. A module with any attribute set is none of Intel's production.</summary>
    public bool Matches(TdReport report) =>
        report.MrSignerSeam.Span.SequenceEqual(_signer)
        && report.SeamAttributes.Span.SequenceEqual(_attributes)
        && !report.SeamAttributes.Span.ContainsAnyExcept((byte)0);
}

/// <summary>A version of the TDX module with levels of its own.</summary>
internal sealed class TdxModuleIdentity(StrictJson identity)
{
    private const int MostLevels = 128;

    public string Id { get; } = identity.Text("id");

    public TdxModule Module { get; } = new(identity);

    public IReadOnlyList<IsvLevel> Levels { get; } = IsvLevel.ReadAll(identity.Objects("tcbLevels", MostLevels));
}

/// <summary>One level of an enclave or a module, which has a single security version.</summary>
internal sealed record IsvLevel(int Svn, TcbStatus Status, IReadOnlyList<string> Advisories)
{
    /// <summary>All levels, the highest first.</summary>
    public static IReadOnlyList<IsvLevel> ReadAll(List<StrictJson> levels) =>
        [.. levels.ConvertAll(Read).OrderByDescending(level => level.Svn)];

    /// <summary>The highest level that the version reaches, or null.</summary>
    public static IsvLevel? Find(IReadOnlyList<IsvLevel> levels, int svn)
    {
        foreach (var level in levels)
        {
            if (svn >= level.Svn)
                return level;
        }
        return null;
    }

    private static IsvLevel Read(StrictJson level) =>
        new(level.Object("tcb").Integer("isvsvn", most: ushort.MaxValue), TcbLevel.ReadStatus(level), TcbLevel.ReadAdvisories(level));
}
