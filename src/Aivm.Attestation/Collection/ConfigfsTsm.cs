using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>
/// Reports of confidential virtual machines, TDX and SEV-SNP, through the kernel's configfs (Linux 6.7 or later,
/// Documentation/ABI/testing/configfs-tsm): a directory is a request, its files are the fields.
/// </summary>
/// <param name="root">Where the reports are made; a test has a tree of its own there.</param>
public sealed class ConfigfsTsm(string root = ConfigfsTsm.KernelRoot)
{
    public const string KernelRoot = "/sys/kernel/config/tsm/report";
    public const int ReportDataSize = 64;
    private const int MaxAuxiliaryBytes = 64 << 10;

    /// <summary>Asks for a report over the data. The request's directory is removed again, whatever happens.</summary>
    /// <param name="name">Names the request's directory; chosen by the caller, so that two collections at once do not meet.</param>
    /// <exception cref="AivmException">
    /// <c>tsm-absent</c>, <c>tsm-busy</c>, <c>tsm-conflict</c>, <c>tsm-provider</c>, <c>tsm-failed</c>, or why the report is refused.
    /// </exception>
    public CollectedEvidence Collect(string name, ReadOnlySpan<byte> reportData)
    {
        if (reportData.Length != ReportDataSize)
            throw new ArgumentException($"Report data have {ReportDataSize} bytes, not {reportData.Length}.", nameof(reportData));
        if (!Directory.Exists(root))
            throw Fault("tsm-absent", $"There is no {root}: this is no confidential virtual machine with Linux 6.7 or later, or configfs is not mounted.");
        var request = Path.Combine(root, name);
        if (Directory.Exists(request))
            throw Fault("tsm-busy", $"The request {request} is there already: choose another name, or remove it.");
        try
        {
            Directory.CreateDirectory(request);
            return Collect(new TsmRequest(request), reportData);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AivmException(Failure.Environment, "tsm-failed", $"The kernel refused a report through {request}: {exception.Message}", exception);
        }
        finally
        {
            TsmRequest.Remove(request);
        }
    }

    private static CollectedEvidence Collect(TsmRequest request, ReadOnlySpan<byte> reportData)
    {
        var before = request.Generation();
        request.Write("inblob", reportData);
        var provider = request.Text("provider");
        var report = request.Read("outblob", Evidence.MaxBytes);
        var certificates = request.ReadOptional("auxblob", MaxAuxiliaryBytes);
        // Every write raises the generation: another one than ours has changed what the report is over.
        if (request.Generation() != before + 1)
            throw Fault("tsm-conflict", "Another process wrote into the request: ask again under a name of your own.");
        return provider switch
        {
            "tdx_guest" => new CollectedEvidence(EvidenceKind.Tdx, Cut(report), []),
            "sev_guest" => new CollectedEvidence(EvidenceKind.SevSnp, report, SnpCertificateTable.Read(certificates)),
            _ => throw Fault("tsm-provider", $"Reports of the provider {provider} are not taken; tdx_guest and sev_guest are."),
        };
    }

    /// <summary>Quoting services hand out buffers of a fixed size; what follows the quote is not part of it.</summary>
    private static ReadOnlyMemory<byte> Cut(ReadOnlyMemory<byte> quote) =>
        Refused.Catch(() => new Box(quote[..IntelQuote.LengthOf(quote)]), out var cut, out var error)
            ? cut.Quote
            : throw new AivmException(Failure.Environment, error.Code, error.Message);

    private sealed record Box(ReadOnlyMemory<byte> Quote);

    private static AivmException Fault(string code, string message) => new(Failure.Environment, code, message);
}
