using System.Diagnostics;
using System.Globalization;
using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Benchmarks.Attestation;

/// <summary>
/// One verification of real evidence on one thread: a TDX quote as a chain verifies it, with collateral that was verified when it was stored; the same
/// with all of the collateral, beside a peer that does as much; a SEV-SNP report; a Nitro document. Medians over all rounds.
/// </summary>
internal sealed class AttestationBenchmark(AttestationOptions options, TextWriter log)
{
    private const double QuoteBound = 3;
    private const double ReportBound = 4;

    public async Task<IReadOnlyList<BenchmarkResult>> RunAsync(CancellationToken cancellation)
    {
        var tdx = EvidenceFiles.Tdx();
        if (!VerifiedCollateral.TryVerify(tdx.Collateral[0], tdx.At, out var stored, out var error))
            throw new AivmException(Failure.Check, error.Code, error.Message);
        var (quote, all, snp, nitro, peer) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            quote.AddRange(Time(() => EvidenceVerifier.TryVerify(tdx.Read(), stored, tdx.At, out _, out _), cancellation));
            all.AddRange(Time(() => Verify(tdx), cancellation));
            snp.AddRange(Time(Verifier(EvidenceFiles.SevSnp()), cancellation));
            nitro.AddRange(Time(Verifier(EvidenceFiles.Nitro()), cancellation));
            if (!options.Alone)
                peer.Add(await QuotePeer.MillisecondsAsync(tdx, options.Count, cancellation));
            log.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"round {round}: medians {Median(quote):N2}, {Median(all):N2}, {Median(snp):N2}, {Median(nitro):N2} ms; fastest {quote.Min():N2}, {all.Min():N2}, {snp.Min():N2}, {nitro.Min():N2} ms"));
        }
        return
        [
            BenchmarkResult.LowerIsBetter("attestation-tdx-stored-collateral", Median(quote), "ms", "bound", QuoteBound),
            BenchmarkResult.LowerIsBetter(
                "attestation-tdx-with-collateral", Median(all), "ms", $"@phala/dcap-qvl {QuotePeer.Version}", peer.Count == 0 ? null : Median(peer)),
            BenchmarkResult.LowerIsBetter("attestation-sev-snp", Median(snp), "ms", "bound", ReportBound),
            new("attestation-nitro", Median(nitro), "ms", null, null, null),
        ];
    }

    private IEnumerable<double> Time(Func<bool> verify, CancellationToken cancellation)
    {
        for (var i = -options.Count / 4; i < options.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            var isAuthentic = verify();
            var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            if (!isAuthentic)
                throw new AivmException(Failure.Check, "evidence-refused", "Evidence that should be authentic is not.");
            if (i >= 0)
                yield return elapsed;
        }
    }

    private static Func<bool> Verifier(EvidenceFiles files) => () => Verify(files);

    private static bool Verify(EvidenceFiles files) => EvidenceVerifier.TryVerify(files.Read(), files.Collateral, files.At, out _, out _);

    private static double Median(List<double> times)
    {
        var sorted = times.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
