using Aivm.Primitives;
using static Aivm.Chain.ContractStorage;

namespace Aivm.Chain;

/// <summary>Where the Compute contract keeps what (docs/spec/jobs.md, "Storage").</summary>
internal static class ComputeStorage
{
    private static readonly UInt256 ProvidersSlot = 0;
    private static readonly UInt256 ProviderListSlot = 1;
    private static readonly UInt256 AsksSlot = 2;
    private static readonly UInt256 SeatsSlot = 3;

    /// <summary>The slots of a provider; reverts with NotAProvider where there is none.</summary>
    public static ProviderSlots Provider(NativeCall compute, Address provider)
    {
        var slots = FindProvider(compute, provider);
        return slots.Exists ? slots : throw ComputeErrors.NotAProvider(provider);
    }

    /// <summary>The slots of a provider, registered or not.</summary>
    public static ProviderSlots FindProvider(NativeCall compute, Address provider) => new(compute, Mapped(compute, provider, ProvidersSlot));

    public static void AddToList(NativeCall compute, Address provider) => Append(compute, ProviderListSlot, ToWord(provider));

    public static UInt256 ProviderCount(NativeCall compute) => compute.Read(ProviderListSlot);

    public static Address ProviderAt(NativeCall compute, UInt256 index) => ToAddress(Element(compute, ProviderListSlot, index));

    public static AskList Asks(NativeCall compute, AskClass asked) => new(compute, Mapped(compute, asked.Key, AsksSlot));

    /// <summary>The slot that says where in a class a provider's ask stands: its index and one, or 0.</summary>
    public static UInt256 Seat(NativeCall compute, AskClass asked, Address provider) =>
        Mapped(compute, (asked.Key << 160) | ToWord(provider), SeatsSlot);
}

/// <summary>A provider's record; each property is one slot.</summary>
internal readonly struct ProviderSlots(NativeCall compute, UInt256 start)
{
    private static readonly UInt256 UnbondingSlot = 1;
    private static readonly UInt256 TermsSlot = 2;
    private static readonly UInt256 FactsSlot = 3;

    public bool Exists => Terms.RegisteredAt != 0;

    /// <summary>In wei. Reserved is what stands behind jobs that have not ended.</summary>
    public (UInt256 Total, UInt256 Reserved) Stake
    {
        get
        {
            var word = compute.Read(start);
            return (Low128(word), word >> 128);
        }
        set => compute.Write(start, value.Total | (value.Reserved << 128));
    }

    /// <summary>What was asked back, and when it may be taken (Unix seconds).</summary>
    public (UInt256 Amount, ulong AvailableAt) Unbonding
    {
        get
        {
            var word = compute.Read(start + UnbondingSlot);
            return (Low128(word), Bits(word, 128, 64));
        }
        set => compute.Write(start + UnbondingSlot, value.Amount | ((UInt256)value.AvailableAt << 128));
    }

    public ProviderTerms Terms
    {
        get
        {
            var word = compute.Read(start + TermsSlot);
            return new ProviderTerms(
                (uint)Bits(word, 0, 32), (uint)Bits(word, 32, 32), (uint)Bits(word, 64, 32), (byte)Bits(word, 96, 8), Bits(word, 104, 64));
        }
        set => compute.Write(start + TermsSlot, (UInt256)value.MaxJobs | ((UInt256)value.ActiveJobs << 32) | ((UInt256)value.AnswerSeconds << 64)
            | ((UInt256)value.Strikes << 96) | ((UInt256)value.RegisteredAt << 104));
    }

    public ProviderFacts Facts
    {
        get
        {
            var word = compute.Read(start + FactsSlot);
            return new ProviderFacts(
                (uint)Bits(word, 0, 32), (uint)Bits(word, 32, 32), (uint)Bits(word, 64, 32), (uint)Bits(word, 96, 32), (uint)Bits(word, 128, 32),
                Bits(word, 160, 64));
        }
        set => compute.Write(start + FactsSlot, (UInt256)value.Succeeded | ((UInt256)value.Slow << 32) | ((UInt256)value.Missed << 64)
            | ((UInt256)value.Late << 96) | ((UInt256)value.Wrong << 128) | ((UInt256)value.TotalSeconds << 160));
    }

    private static UInt256 Low128(UInt256 word) => word & ((UInt256.One << 128) - UInt256.One);
}

/// <summary>What a provider takes on, and how much of it is in use.</summary>
/// <param name="AnswerSeconds">The time from acceptance to answer that it promises.</param>
/// <param name="Strikes">Acceptances missed in a row.</param>
/// <param name="RegisteredAt">Height; 0 where there is no provider.</param>
internal readonly record struct ProviderTerms(uint MaxJobs, uint ActiveJobs, uint AnswerSeconds, byte Strikes, ulong RegisteredAt);

/// <summary>The asks of one class: an array of three words each.</summary>
internal readonly struct AskList(NativeCall compute, UInt256 array)
{
    private const ulong Words = 3;

    public int Count => (int)(ulong)compute.Read(array);

    public Ask Read(int index)
    {
        var at = At(index);
        var head = compute.Read(at);
        return new Ask(AddressIn(head), Bits(head, 160, 64), Price(compute.Read(at + UInt256.One)), Price(compute.Read(at + (UInt256)2UL)));
    }

    public void Write(int index, Ask ask)
    {
        var at = At(index);
        compute.Write(at, ToWord(ask.Provider) | ((UInt256)ask.EffectiveAt << 160));
        compute.Write(at + UInt256.One, Word(ask.Before));
        compute.Write(at + (UInt256)2UL, Word(ask.Price));
    }

    public void Add(Ask ask)
    {
        var count = Count;
        compute.Write(array, (ulong)(count + 1));
        Write(count, ask);
    }

    public void RemoveLast()
    {
        var last = Count - 1;
        var at = At(last);
        for (var word = 0UL; word < Words; word++)
            compute.Write(at + (UInt256)word, UInt256.Zero);
        compute.Write(array, (ulong)last);
    }

    private UInt256 At(int index) => ArrayStart(compute, array) + ((UInt256)Words * (ulong)index);

    private static AskPrice Price(UInt256 word) => new(word & ((UInt256.One << 128) - UInt256.One), word >> 128);

    private static UInt256 Word(AskPrice price) => price.Base | (price.PerMgas << 128);
}

/// <summary>A standing offer of one provider in one class.</summary>
/// <param name="EffectiveAt">The block from which <paramref name="Price"/> counts.</param>
/// <param name="Before">What counts until then; zero prices where the ask is new.</param>
internal readonly record struct Ask(Address Provider, ulong EffectiveAt, AskPrice Before, AskPrice Price)
{
    /// <summary>The price that counts at a height; null where none does yet.</summary>
    public AskPrice? At(ulong height)
    {
        if (height >= EffectiveAt)
            return Price;
        return Before == default ? null : Before;
    }
}
