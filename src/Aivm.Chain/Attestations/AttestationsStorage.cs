using Aivm.Attestation;
using Aivm.Primitives;
using static Aivm.Chain.ContractStorage;

namespace Aivm.Chain;

/// <summary>What a provider's session is good for, as contracts beside this one read it.</summary>
/// <param name="Signer">Signs results.</param>
/// <param name="Kind">Of the receipts: <see cref="EvidenceKind.Attested"/> or <see cref="EvidenceKind.DevelopmentAttested"/>.</param>
/// <param name="OpenedAt">Unix seconds.</param>
/// <param name="ExpiresAt">Unix seconds: the first at which it lives no more.</param>
/// <param name="EncryptionKey">X25519: confidential inputs are encrypted to it.</param>
/// <param name="ModelSetRoot">Which models it serves.</param>
internal readonly record struct AttestedSession(
    Address Signer, EvidenceKind Kind, ulong OpenedAt, ulong ExpiresAt, Hash256 EncryptionKey, Hash256 ModelSetRoot)
{
    /// <param name="time">The block's.</param>
    public bool IsLive(ulong time) => time < ExpiresAt;
}

/// <summary>Where the Attestations contract keeps what (docs/spec/attestations-contract.md, "Storage"), in Solidity's layout.</summary>
internal static class AttestationsStorage
{
    private static readonly UInt256 CollateralSlot = 0;
    private static readonly UInt256 SessionsSlot = 1;
    private static readonly UInt256 PlatformsSlot = 2;
    private static readonly UInt256 UsedSlot = 3;

    /// <summary>A provider's session, live or not; null where it has none. Any native contract may ask.</summary>
    internal static AttestedSession? ReadSession(NativeCall call, Address provider) => Session(call.On(SystemContracts.Attestations), provider).Read();

    /// <summary>Of the contract's own call, like all that follow.</summary>
    public static SessionSlots Session(NativeCall call, Address provider) => new(call, Mapped(call, provider, SessionsSlot));

    /// <param name="key">As <see cref="StoredCollateral.KeyOf"/> makes it.</param>
    public static CollateralSlots Collateral(NativeCall call, Hash256 key) => new(call, Mapped(call, key, CollateralSlot));

    /// <summary>Who opened a session on a machine last; zero where nobody did.</summary>
    public static Address HolderOf(NativeCall call, Hash256 platform) => ToAddress(call.Read(Mapped(call, platform, PlatformsSlot)));

    public static void SetHolder(NativeCall call, Hash256 platform, Address provider) => call.Write(Mapped(call, platform, PlatformsSlot), ToWord(provider));

    /// <summary>The block in which report data opened a session; 0 where they did not.</summary>
    /// <param name="reportData">Their hash.</param>
    public static ulong UsedAt(NativeCall call, Hash256 reportData) => (ulong)call.Read(Mapped(call, reportData, UsedSlot));

    public static void MarkUsed(NativeCall call, Hash256 reportData) => call.Write(Mapped(call, reportData, UsedSlot), call.Block.Number);
}

/// <summary>A provider's session.</summary>
internal readonly struct SessionSlots(NativeCall call, UInt256 start)
{
    private static readonly UInt256 HeightSlot = 1;
    private static readonly UInt256 EncryptionKeySlot = 2;
    private static readonly UInt256 ModelSetRootSlot = 3;
    private static readonly UInt256 MeasurementSlot = 4;
    private static readonly UInt256 PlatformSlot = 5;
    private static readonly UInt256 Size = 6;

    private const int ExpiresAtBit = 160;
    private const int KindBit = 224;
    private const int HeightBit = 64;

    public bool Exists => !call.Read(start).IsZero;

    public bool IsLive(ulong time) => time < Bits(call.Read(start), ExpiresAtBit, 64);

    public Hash256 Measurement => call.Read(start + MeasurementSlot).ToHash256();

    /// <summary>The hash of the machine's identity; zero for development evidence.</summary>
    public Hash256 Platform => call.Read(start + PlatformSlot).ToHash256();

    public AttestedSession? Read()
    {
        var head = call.Read(start);
        if (head.IsZero)
            return null;
        return new AttestedSession(
            AddressIn(head),
            (EvidenceKind)Bits(head, KindBit, 8),
            Bits(call.Read(start + HeightSlot), 0, 64),
            Bits(head, ExpiresAtBit, 64),
            call.Read(start + EncryptionKeySlot).ToHash256(),
            call.Read(start + ModelSetRootSlot).ToHash256());
    }

    public void Write(AttestedSession session, Hash256 measurement, Hash256 platform)
    {
        call.Write(start, ToWord(session.Signer) | ((UInt256)session.ExpiresAt << ExpiresAtBit) | ((UInt256)(ulong)session.Kind << KindBit));
        call.Write(start + HeightSlot, (UInt256)session.OpenedAt | ((UInt256)call.Block.Number << HeightBit));
        WriteHash(EncryptionKeySlot, session.EncryptionKey);
        WriteHash(ModelSetRootSlot, session.ModelSetRoot);
        WriteHash(MeasurementSlot, measurement);
        WriteHash(PlatformSlot, platform);
    }

    public void Clear()
    {
        for (var slot = UInt256.Zero; slot < Size; slot += UInt256.One)
            call.Write(start + slot, UInt256.Zero);
    }

    private void WriteHash(UInt256 slot, Hash256 hash) => call.Write(start + slot, UInt256.FromBigEndian(hash.Span));
}

/// <summary>Where collateral lies, how new and how long it is, and when it is valid.</summary>
internal readonly struct CollateralSlots(NativeCall call, UInt256 start)
{
    private static readonly UInt256 NumbersSlot = 1;
    private static readonly UInt256 WindowSlot = 2;
    private static readonly UInt256 ListsSlot = 3;

    /// <summary>Of the bundle, which is a blob; zero where there is none.</summary>
    public Hash256 Hash => call.Read(start).ToHash256();

    public (long From, long Until) Window => WindowIn(call.Read(start + WindowSlot));

    public CollateralRecord Read()
    {
        var (hash, numbers, window, lists) = (Hash, call.Read(start + NumbersSlot), call.Read(start + WindowSlot), call.Read(start + ListsSlot));
        var (from, until) = WindowIn(window);
        return new CollateralRecord(
            hash,
            (uint)Bits(numbers, 192, 32),
            new CollateralNumbers(
                (long)Bits(numbers, 0, 64), (int)Bits(numbers, 64, 32), (long)Bits(numbers, 96, 64), (int)Bits(numbers, 160, 32),
                Bits(window, 0, 64), Bits(window, 64, 64), (long)Bits(lists, 0, 64), (long)Bits(lists, 64, 64)),
            from,
            until);
    }

    public void Write(CollateralRecord record)
    {
        var numbers = record.Numbers;
        call.Write(start, UInt256.FromBigEndian(record.Hash.Span));
        call.Write(
            start + NumbersSlot,
            (UInt256)(ulong)numbers.TcbIssued | ((UInt256)(ulong)numbers.TcbEvaluation << 64) | ((UInt256)(ulong)numbers.QeIssued << 96)
                | ((UInt256)(ulong)numbers.QeEvaluation << 160) | ((UInt256)record.Size << 192));
        call.Write(
            start + WindowSlot,
            (UInt256)numbers.RootCrl | ((UInt256)numbers.PckCrl << 64) | ((UInt256)(ulong)record.ValidFrom << 128) | ((UInt256)(ulong)record.ValidUntil << 192));
        call.Write(start + ListsSlot, (UInt256)(ulong)numbers.RootCrlIssued | ((UInt256)(ulong)numbers.PckCrlIssued << 64));
    }

    private static (long From, long Until) WindowIn(UInt256 window) => ((long)Bits(window, 128, 64), (long)Bits(window, 192, 64));
}

/// <param name="Hash">Zero where there is none.</param>
/// <param name="Size">Of the bundle, in bytes.</param>
internal readonly record struct CollateralRecord(Hash256 Hash, uint Size, CollateralNumbers Numbers, long ValidFrom, long ValidUntil);
