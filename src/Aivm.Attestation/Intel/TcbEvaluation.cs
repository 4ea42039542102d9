namespace Aivm.Attestation;

/// <summary>What a platform's TCB is worth.</summary>
/// <param name="Advisories">Of every level that was met, each once, in order.</param>
internal sealed record TcbVerdict(TcbStatus Status, IReadOnlyList<string> Advisories);

/// <summary>
/// Intel's rule, from levels to one status (Intel PCS version 4, "Get TCB Info", how to determine the status; the relaunch as Intel's own quote
/// verification library decides it): the highest level that the platform reaches, made worse by an older TDX module and by an older quoting enclave.
/// </summary>
internal static class TcbEvaluation
{
    /// <summary>Of TDX components, the first two are the module's own: from version 1 on they are compared with the module's levels instead.</summary>
    private const int ModuleComponents = 2;

    /// <param name="domain">Null for SGX.</param>
    /// <param name="qe">Null where the quoting enclave is older than all its levels.</param>
    public static TcbVerdict Evaluate(TcbInfo info, PckExtension platform, TdReport? domain, IsvLevel? qe)
    {
        var sgx = FindLevel(info, platform, null);
        var matched = domain is null ? sgx : FindLevel(info, platform, domain);
        if (sgx is null || matched is null)
            return new TcbVerdict(TcbStatus.TcbNotSupported, []);
        if (domain is not { } td)
            return Verdict(WithEnclave(sgx.Status, qe), sgx.Advisories, qe?.Advisories);

        var module = ModuleLevel(info, td);
        if (module is null)
            return new TcbVerdict(TcbStatus.TcbNotSupported, []);
        var status = Worsened(matched.Status, module.Status);
        if (status == TcbStatus.OutOfDate || status == TcbStatus.OutOfDateConfigurationNeeded)
            status = AfterRelaunch(status, info, td, sgx.Status, module.Status, qe);
        return Verdict(WithEnclave(status, qe), matched.Advisories, module.Advisories, qe?.Advisories);
    }

    /// <summary>The module that runs is one that Intel lists.</summary>
    /// <exception cref="Refused"><c>tdx-module-mismatch</c>.</exception>
    public static void RequireModule(TcbInfo info, TdReport domain)
    {
        var version = domain.TeeTcbSvn.Span[1];
        var module = version == 0 ? info.Module : info.FindModule(version)?.Module;
        Refused.Unless(module?.Matches(domain) == true, "tdx-module-mismatch", $"The TDX module, of version {version}, is not one that the TCB info lists, or not signed as it says.");
    }

    private static TcbLevel? FindLevel(TcbInfo info, PckExtension platform, TdReport? domain)
    {
        foreach (var level in info.Levels)
        {
            if (Reaches(platform.Svns, level.SgxSvns) && platform.PceSvn >= level.PceSvn && (domain is not { } td || Reaches(td.TeeTcbSvn.Span, level.TdxSvns)))
                return level;
        }
        return null;
    }

    private static bool Reaches(ReadOnlySpan<int> svns, ReadOnlySpan<int> least)
    {
        for (var i = 0; i < least.Length; i++)
        {
            if (svns[i] < least[i])
                return false;
        }
        return true;
    }

    private static bool Reaches(ReadOnlySpan<byte> teeTcbSvn, ReadOnlySpan<int> least)
    {
        for (var i = teeTcbSvn[1] > 0 ? ModuleComponents : 0; i < least.Length; i++)
        {
            if (teeTcbSvn[i] < least[i])
                return false;
        }
        return true;
    }

    /// <summary>The level of the module; a module of version 0 has none of its own, and is up to date with the platform.</summary>
    private static IsvLevel? ModuleLevel(TcbInfo info, TdReport domain)
    {
        var (svn, version) = (domain.TeeTcbSvn.Span[0], domain.TeeTcbSvn.Span[1]);
        return version == 0 ? new IsvLevel(0, TcbStatus.UpToDate, []) : IsvLevel.Find(info.FindModule(version)?.Levels ?? [], svn);
    }

    private static TcbStatus WithEnclave(TcbStatus status, IsvLevel? qe) => qe is null ? TcbStatus.TcbNotSupported : Worsened(status, qe.Status);

    /// <summary>A part that is behind makes the whole so.</summary>
    private static TcbStatus Worsened(TcbStatus whole, TcbStatus part) => (part, whole) switch
    {
        (TcbStatus.UpToDate, _) => whole,
        (TcbStatus.Revoked, _) => TcbStatus.Revoked,
        (_, TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded) => TcbStatus.OutOfDate,
        (_, TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded) => TcbStatus.OutOfDateConfigurationNeeded,
        _ => whole,
    };

    /// <summary>
    /// A domain that was launched under an old module, on a platform that has the newest one by now, is advised to be launched again.
    /// Only the body of TDX 1.5 says what the platform has now.
    /// </summary>
    private static TcbStatus AfterRelaunch(TcbStatus status, TcbInfo info, TdReport domain, TcbStatus sgx, TcbStatus module, IsvLevel? qe)
    {
        var isRelaunchEnough = domain.IsTd15
            && qe?.Status == TcbStatus.UpToDate
            && module == TcbStatus.OutOfDate
            && sgx is TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded or TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded
            && HasNewestModule(info, domain.TeeTcbSvn2.Span);
        if (!isRelaunchEnough)
            return status;
        return NeedsConfiguration(sgx) || NeedsConfiguration(status) ? TcbStatus.TDRelaunchAdvisedConfigurationNeeded : TcbStatus.TDRelaunchAdvised;
    }

    private static bool HasNewestModule(TcbInfo info, ReadOnlySpan<byte> svn)
    {
        var newest = info.Levels[0].TdxSvns;
        var newestModule = newest[0];
        if (svn[1] > 0)
        {
            var identity = info.FindModule(svn[1]);
            Refused.Unless(identity is not null, "tdx-module-mismatch", $"The platform's present TDX module, of version {svn[1]}, is not one that the TCB info lists.");
            if (identity.Levels is not [var first, ..])
                return false;
            newestModule = first.Svn;
        }
        return svn[0] >= newestModule && svn[2] >= newest[2];
    }

    private static bool NeedsConfiguration(TcbStatus status) =>
        status is TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded or TcbStatus.OutOfDateConfigurationNeeded;

    private static TcbVerdict Verdict(TcbStatus status, params ReadOnlySpan<IReadOnlyList<string>?> advisories)
    {
        var all = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var some in advisories)
            all.UnionWith(some ?? []);
        return new TcbVerdict(status, [.. all]);
    }
}
