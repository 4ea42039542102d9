namespace Aivm.Attestation;

/// <summary>One level of a TCB: the least security versions, and what a platform that has them is worth.</summary>
/// <param name="TdxSvns">Empty in information about SGX.</param>
internal sealed record TcbLevel(int[] SgxSvns, int PceSvn, int[] TdxSvns, TcbStatus Status, IReadOnlyList<string> Advisories)
{
    private const int MostAdvisories = 128;

    /// <summary>All levels, the highest first: by components, then by PCE, then by TDX components.</summary>
    public static IReadOnlyList<TcbLevel> ReadAll(List<StrictJson> levels, EvidenceKind kind)
    {
        var read = levels.ConvertAll(level => Read(level, kind));
        // Stable, so that of two equal levels the first stays first.
        return [.. read.OrderByDescending(level => level, Comparer<TcbLevel>.Create(Compare))];
    }

    private static TcbLevel Read(StrictJson level, EvidenceKind kind)
    {
        var tcb = level.Object("tcb");
        return new TcbLevel(
            ReadSvns(tcb, "sgxtcbcomponents"), tcb.Integer("pcesvn", most: ushort.MaxValue), kind == EvidenceKind.Tdx ? ReadSvns(tcb, "tdxtcbcomponents") : [],
            ReadStatus(level), ReadAdvisories(level));
    }

    public static TcbStatus ReadStatus(StrictJson level) => level.Text("tcbStatus") switch
    {
        "UpToDate" => TcbStatus.UpToDate,
        "SWHardeningNeeded" => TcbStatus.SWHardeningNeeded,
        "ConfigurationNeeded" => TcbStatus.ConfigurationNeeded,
        "ConfigurationAndSWHardeningNeeded" => TcbStatus.ConfigurationAndSWHardeningNeeded,
        "OutOfDate" => TcbStatus.OutOfDate,
        "OutOfDateConfigurationNeeded" => TcbStatus.OutOfDateConfigurationNeeded,
        "Revoked" => TcbStatus.Revoked,
        var other => throw level.Refuse($"the status {other} is not known."),
    };

    public static IReadOnlyList<string> ReadAdvisories(StrictJson level) => level.Has("advisoryIDs") ? level.Texts("advisoryIDs", MostAdvisories) : [];

    private static int[] ReadSvns(StrictJson tcb, string name)
    {
        var components = tcb.Objects(name, PckExtension.Components);
        if (components.Count != PckExtension.Components)
            throw tcb.Refuse($"{name} has {components.Count} components instead of {PckExtension.Components}.");
        return [.. components.ConvertAll(component => component.Integer("svn", most: byte.MaxValue))];
    }

    private static int Compare(TcbLevel a, TcbLevel b)
    {
        var order = a.SgxSvns.AsSpan().SequenceCompareTo(b.SgxSvns);
        if (order == 0)
            order = a.PceSvn.CompareTo(b.PceSvn);
        return order != 0 ? order : a.TdxSvns.AsSpan().SequenceCompareTo(b.TdxSvns);
    }
}
