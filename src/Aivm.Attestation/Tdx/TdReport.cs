namespace Aivm.Attestation;

/// <summary>The body of a TDX quote (Intel TDX DCAP Quoting Library API, appendix "TD Quote Body"): 584 bytes, or 648 since TDX module 1.5.</summary>
internal readonly struct TdReport(ReadOnlyMemory<byte> body)
{
    public const int Size10 = 584;
    public const int Size15 = 648;

    public ReadOnlyMemory<byte> TeeTcbSvn => body[..16];

    public ReadOnlyMemory<byte> MrSeam => body.Slice(16, 48);

    public ReadOnlyMemory<byte> MrSignerSeam => body.Slice(64, 48);

    public ReadOnlyMemory<byte> SeamAttributes => body.Slice(112, 8);

    public ReadOnlyMemory<byte> Attributes => body.Slice(120, 8);

    public ReadOnlyMemory<byte> Xfam => body.Slice(128, 8);

    public ReadOnlyMemory<byte> MrTd => body.Slice(136, 48);

    public ReadOnlyMemory<byte> MrConfigId => body.Slice(184, 48);

    public ReadOnlyMemory<byte> MrOwner => body.Slice(232, 48);

    public ReadOnlyMemory<byte> MrOwnerConfig => body.Slice(280, 48);

    public ReadOnlyMemory<byte> Rtmr(int index) => body.Slice(328 + 48 * index, 48);

    public ReadOnlyMemory<byte> ReportData => body.Slice(520, 64);

    public bool IsTd15 => body.Length == Size15;

    /// <summary>The SVNs that the platform has now, where they may have risen since the domain was launched. TDX 1.5 only.</summary>
    public ReadOnlyMemory<byte> TeeTcbSvn2 => body.Slice(584, 16);

    /// <summary>Which service domains may migrate this one. TDX 1.5 only.</summary>
    public ReadOnlyMemory<byte> MrServiceTd => body.Slice(600, 48);
}
