using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Attestation;

/// <summary>Real evidence of ../shared/vectors/tee (or $AIVM_VECTORS), with what it is verified by.</summary>
internal sealed record EvidenceFiles(string Path, string[] CollateralPaths, long At)
{
    private static readonly string Folder = System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("AIVM_VECTORS") ?? System.IO.Path.Combine(Repository.Root, "..", "shared", "vectors"), "tee");

    private readonly byte[] _evidence = Load(Path);

    public IReadOnlyList<ReadOnlyMemory<byte>> Collateral { get; } = [.. CollateralPaths.Select(path => (ReadOnlyMemory<byte>)Load(path))];

    /// <summary>A quote of version 5, which has no padding.</summary>
    public static EvidenceFiles Tdx() => Open("google-go-tdx-guest/quote_v5_sample.dat", 1_772_707_803, "bundles/phala-tdx-90C06F000000-2026-02.json");

    public static EvidenceFiles SevSnp() =>
        Open("coco-trustee/snp_v3_genoa_e2e.bin", 1_751_624_924, "coco-trustee/snp_v3_genoa_e2e_vcek.der", "coco-trustee/genoa_ask_ark_asvk.pem");

    public static EvidenceFiles Nitro() => Open("base-nitro-validator/nitro_2024-11-30.cbor", 1_732_983_765);

    /// <summary>Taking it apart is part of every verification.</summary>
    public Evidence Read() => Evidence.TryRead(_evidence, out var evidence, out var error) ? evidence : throw new AivmException(Failure.Check, error.Code, error.Message);

    private static EvidenceFiles Open(string evidence, long at, params string[] collateral) =>
        new(System.IO.Path.Combine(Folder, evidence), [.. collateral.Select(file => System.IO.Path.Combine(Folder, file))], at);

    private static byte[] Load(string path) => File.Exists(path)
        ? File.ReadAllBytes(path)
        : throw new AivmException(Failure.Environment, "vectors-missing", $"{path} is missing: set AIVM_VECTORS to the folder that holds tee/.");
}
