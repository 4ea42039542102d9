using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Attestation;

/// <summary>Evidence taken apart, with nothing checked but its form: claims, not facts.</summary>
public abstract class Evidence
{
    /// <summary>More than any format here needs.</summary>
    public const int MaxBytes = 64 << 10;

    public abstract EvidenceKind Kind { get; }

    /// <summary>
    /// Takes the kind from the bytes themselves. Errors: <c>evidence-unknown</c>, <c>evidence-too-large</c>, the name of a kind that is not taken
    /// (<c>arm-cca-unsupported</c>, <c>tdx-report-unquoted</c>, <c>development-evidence</c>), or a code of the format.
    /// </summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Evidence? evidence, [NotNullWhen(false)] out Error? error) =>
        Refused.Catch(() => EvidenceReader.Read(bytes), out evidence, out error);
}
