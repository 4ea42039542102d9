using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>
/// Reports of confidential virtual machines, TDX and SEV-SNP, through the kernel's configfs (Linux 6.7 or later,
/// Documentation/ABI/testing/configfs-tsm): a directory is a request, its files are the fields.
/// </summary>
public sealed class ConfigfsTsm
{
    public const string KernelRoot = "/sys/kernel/config/tsm/report";
    public const int ReportDataSize = 64;
    private const int MaxAuxiliaryBytes = 64 << 10;

    private readonly TsmFiles _files;

    public ConfigfsTsm()
        : this(new TsmFiles(KernelRoot))
    {
    }

    internal ConfigfsTsm(TsmFiles files) => _files = files;

    /// <summary>Asks for a report over the data. The request's directory is removed again, whatever happens.</summary>
    /// <param name="name">Names the request's directory; chosen by the caller, so that two collections at once do not meet.</param>
    /// <exception cref="AivmException">
    /// <c>tsm-absent</c>, <c>tsm-busy</c>, <c>tsm-conflict</c>, <c>tsm-provider</c>, <c>tsm-failed</c>, or why the report is refused.
    /// </exception>
    public CollectedEvidence Collect(string name, ReadOnlySpan<byte> reportData)
    {
        if (reportData.Length != ReportDataSize)
            throw new ArgumentException($"Report data have {ReportDataSize} bytes, not {reportData.Length}.", nameof(reportData));
        if (!_files.Exists)
            throw Fault("tsm-absent", $"There is no {KernelRoot}: this is no confidential virtual machine with Linux 6.7 or later, or configfs is not mounted.");
        if (_files.Has(name))
            throw Fault("tsm-busy", $"The request {name} is there already: choose another name, or remove it.");
        try
        {
            _files.Make(name);
            return Ask(name, reportData);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AivmException(Failure.Environment, "tsm-failed", $"The kernel refused the request {name}: {exception.Message}", exception);
        }
        finally
        {
            Discard(name);
        }
    }

    private CollectedEvidence Ask(string name, ReadOnlySpan<byte> reportData)
    {
        var before = _files.Generation(name);
        _files.Write(name, "inblob", reportData);
        var provider = _files.Text(name, "provider");
        var report = _files.Read(name, "outblob", Evidence.MaxBytes);
        var certificates = _files.ReadOptional(name, "auxblob", MaxAuxiliaryBytes);
        // Every write raises the generation: another one than ours has changed what the report is over.
        if (_files.Generation(name) != before + 1)
            throw Fault("tsm-conflict", "Another process wrote into the request: ask again under a name of your own.");
        return provider switch
        {
            "tdx_guest" => new CollectedEvidence(EvidenceKind.Tdx, Read(() => Cut(report)), []),
            "sev_guest" => new CollectedEvidence(EvidenceKind.SevSnp, report, SnpCertificateTable.Read(certificates, Read(() => SnpReport.Read(report)).SigningKey)),
            _ => throw Fault("tsm-provider", $"Reports of the provider {provider} are not taken; those of tdx_guest and sev_guest are."),
        };
    }

    /// <summary>Quoting services hand out buffers of a fixed size; what follows the quote is not part of it.</summary>
    private static byte[] Cut(byte[] quote) => quote[..IntelQuote.LengthOf(quote)];

    private static T Read<T>(Func<T> read)
        where T : class =>
        Refused.Catch(read, out var result, out var error) ? result : throw new AivmException(Failure.Environment, error.Code, error.Message);

    private void Discard(string name)
    {
        try
        {
            _files.Remove(name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What led here, the report or its failure, is what the caller wants to know.
        }
    }

    private static AivmException Fault(string code, string message) => new(Failure.Environment, code, message);
}
