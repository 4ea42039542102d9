using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>A policy in JSON, as docs/spec/attestation.md has it. A member that is not known is refused: a misspelt rule must not go unchecked.</summary>
public static class PolicyFile
{
    public const int MaxBytes = 1 << 20;
    private const string Code = "policy-malformed";
    private const int MostWorkloads = 4096;

    private static readonly string[] Members =
        ["version", "tcb_statuses", "advisories", "snp_products", "minimum_snp_tcb", "require_alias_check", "workloads", "report_data", "gpu_nonce"];

    /// <summary>Errors: <c>policy-malformed</c>.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out AttestationPolicy? policy, [NotNullWhen(false)] out Error? error) =>
        Refused.Catch(() => Read(StrictJson.Parse(json, MaxBytes, Code, "The policy")), out policy, out error);

    private static AttestationPolicy Read(StrictJson document)
    {
        RequireKnown(document, Members);
        document.Integer("version", 1, 1);
        var policy = AttestationPolicy.Default;
        if (document.Has("tcb_statuses"))
            policy = policy with { TcbStatuses = [.. document.Texts("tcb_statuses", 16).Select(text => Named<TcbStatus>(document, text, status => status.ToString()))] };
        if (document.Has("advisories"))
            policy = policy with { Advisories = [.. document.Texts("advisories", 1024)] };
        if (document.Has("snp_products"))
            policy = policy with { SnpProducts = [.. document.Texts("snp_products", 16).Select(text => ProductOf(document, text))] };
        if (document.Has("minimum_snp_tcb"))
            policy = policy with { MinimumSnpTcb = ReadMinimums(document.Object("minimum_snp_tcb")) };
        if (document.Has("require_alias_check"))
            policy = policy with { RequireAliasCheck = document.Flag("require_alias_check") };
        if (document.Has("workloads"))
            policy = policy with { Workloads = [.. document.Objects("workloads", MostWorkloads).Select(ReadWorkload)] };
        if (document.Has("report_data"))
            policy = policy with { ReportData = document.Hex("report_data") };
        if (document.Has("gpu_nonce"))
            policy = policy with { GpuNonce = document.Hex("gpu_nonce", 32) };
        return policy;
    }

    private static ImmutableDictionary<SnpProduct, SnpTcb> ReadMinimums(StrictJson products) =>
        products.Names().ToImmutableDictionary(name => ProductOf(products, name), name => ReadTcb(products.Object(name)));

    private static SnpTcb ReadTcb(StrictJson tcb)
    {
        RequireKnown(tcb, ["fmc", "boot_loader", "tee", "snp", "microcode"]);
        return new SnpTcb(Svn("fmc"), Svn("boot_loader"), Svn("tee"), Svn("snp"), Svn("microcode"));

        byte Svn(string name) => tcb.Has(name) ? (byte)tcb.Integer(name, most: byte.MaxValue) : (byte)0;
    }

    private static AllowedWorkload ReadWorkload(StrictJson workload)
    {
        var kind = Named<EvidenceKind>(workload, workload.Text("kind"), EvidenceKinds.Name);
        var values = workload.Names().Where(name => name != "kind").ToImmutableSortedDictionary(name => name, name => (ReadOnlyMemory<byte>)workload.Hex(name), StringComparer.Ordinal);
        foreach (var required in AllowedWorkload.Required(kind))
        {
            if (!values.ContainsKey(required))
                throw workload.Refuse($"a workload of {kind.Name()} is named by {string.Join(", ", AllowedWorkload.Required(kind))} at least, and {required} is missing.");
        }
        return values.IsEmpty ? throw workload.Refuse("a workload without measurements would be any.") : new AllowedWorkload(kind, values);
    }

    private static SnpProduct ProductOf(StrictJson document, string name) => Named<SnpProduct>(document, name, product => product.ToString().ToLowerInvariant());

    private static T Named<T>(StrictJson document, string name, Func<T, string> nameOf)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (nameOf(value) == name)
                return value;
        }
        throw document.Refuse($"'{name}' is none of {string.Join(", ", Enum.GetValues<T>().Select(nameOf))}.");
    }

    private static void RequireKnown(StrictJson document, ReadOnlySpan<string> known)
    {
        foreach (var name in document.Names())
        {
            if (!known.Contains(name))
                throw document.Refuse($"the member '{name}' is not known.");
        }
    }
}
