using System.Text;
using Aivm.Primitives;
using Aivm.State;
using static Aivm.Chain.ContractStorage;

namespace Aivm.Chain;

/// <summary>
/// Where the Models contract keeps what (docs/spec/models-contract.md, "Storage"): Solidity's layout. Packed words have their first member
/// in the low bytes.
/// </summary>
internal static class ModelsStorage
{
    private const int Word = 32;

    private static readonly UInt256 ModelsSlot = 0;
    private static readonly UInt256 FirstPublisherSlot = 1;
    private static readonly UInt256 InfosSlot = 2;
    private static readonly UInt256 VersionsSlot = 3;
    private static readonly UInt256 UploadsSlot = 4;
    private static readonly UInt256 ReceiptsSlot = 5;
    private static readonly UInt256 InferencesSlot = 6;
    private static readonly UInt256 RootsSlot = 7;
    private static readonly UInt256 RootHeightsSlot = 8;

    public static UInt256 ModelCount(NativeCall call) => call.Read(ModelsSlot);

    public static Address ModelAt(NativeCall call, UInt256 index) => ToAddress(call.Read(ArrayStart(call, ModelsSlot) + index));

    public static void AddModel(NativeCall call, Address model) => Append(call, ModelsSlot, ToWord(model));

    public static Address FirstPublisher(NativeCall call, Hash256 hash) => ToAddress(call.Read(Mapped(call, hash, FirstPublisherSlot)));

    public static void SetFirstPublisher(NativeCall call, Hash256 hash, Address publisher) =>
        call.Write(Mapped(call, hash, FirstPublisherSlot), ToWord(publisher));

    /// <summary>The slots of a model's record. Reverts with NotAModel where there is none.</summary>
    public static ModelSlots Model(NativeCall call, Address model)
    {
        var slots = new ModelSlots(call, Mapped(call, ToWord(model).ToHash256(), InfosSlot));
        return slots.Exists ? slots : throw ModelsErrors.NotAModel(model);
    }

    /// <summary>The slots of a record that does not exist yet.</summary>
    public static ModelSlots NewModel(NativeCall call, Address model) => new(call, Mapped(call, ToWord(model).ToHash256(), InfosSlot));

    /// <summary>What the first touch of a model pays, as its account's code asks: without gas of its own.</summary>
    public static ulong LoadGasOf(WorldState state, Address model) =>
        (ulong)state.GetStorage(SystemContracts.Models, Mapped(ToWord(model).ToHash256(), InfosSlot) + ModelSlots.LoadGasSlot);

    /// <summary>The container's hash, as <c>seal</c> checked it.</summary>
    public static Hash256 HashOf(WorldState state, Address model) =>
        state.GetStorage(SystemContracts.Models, Mapped(ToWord(model).ToHash256(), InfosSlot) + ModelSlots.HashSlot).ToHash256();

    /// <summary>The array of the roots of a model's weights, oldest first.</summary>
    public static UInt256 Roots(NativeCall call, Address model) => Mapped(call, ToWord(model).ToHash256(), RootsSlot);

    /// <summary>The block that registered a root of a model's weights; 0 where none did. Any native contract may ask.</summary>
    public static ulong ReadRootHeight(NativeCall call, Address model, Hash256 root)
    {
        call.Charge(RootReadGas);
        return (ulong)call.State.GetStorage(SystemContracts.Models, Mapped(RootKey(model, root), RootHeightsSlot));
    }

    /// <summary>Of <see cref="ReadRootHeight"/>.</summary>
    public static ulong RootReadGas => CallGas.SlotRead + CallGas.Hash(Address.Size + Word) + CallGas.Hash(2 * Word);

    public static void SetRootHeight(NativeCall call, Address model, Hash256 root)
    {
        call.Charge(CallGas.Hash(Address.Size + Word));
        call.Write(Mapped(call, RootKey(model, root), RootHeightsSlot), call.Block.Number);
    }

    private static Hash256 RootKey(Address model, Hash256 root) => Keccak.Hash([.. model.Span, .. root.Span]);

    /// <summary>The array of a name's versions, oldest first.</summary>
    public static UInt256 Versions(NativeCall call, Address publisher, string name)
    {
        var key = call.Keccak([.. publisher.Span, .. Encoding.UTF8.GetBytes(name)]);
        return Mapped(call, key, VersionsSlot);
    }

    public static UploadSlots Upload(NativeCall call, Address publisher, Hash256 hash)
    {
        var key = call.Keccak([.. publisher.Span, .. hash.Span]);
        return new UploadSlots(call, Mapped(call, key, UploadsSlot));
    }

    public static UInt256 ReceiptHeight(NativeCall call, Hash256 receiptId) => call.Read(Mapped(call, receiptId, ReceiptsSlot));

    public static void AddReceipt(NativeCall call, Hash256 receiptId) =>
        call.Write(Mapped(call, receiptId, ReceiptsSlot), call.Block.Number);

    /// <summary>The number of this inference, from 0.</summary>
    public static UInt256 CountInference(NativeCall call)
    {
        var number = call.Read(InferencesSlot);
        call.Write(InferencesSlot, number + UInt256.One);
        return number;
    }
}

/// <summary>The record of a published model. Each property is one read of one slot.</summary>
internal readonly struct ModelSlots(NativeCall call, UInt256 start)
{
    private static readonly UInt256 Publication = 1;
    public static readonly UInt256 HashSlot = 2;
    private static readonly UInt256 PriceSlot = 3;
    public static readonly UInt256 LoadGasSlot = 4;
    private static readonly UInt256 MetadataSlot = 5;
    private static readonly UInt256 NameSlot = 6;

    public bool Exists => !call.Read(start).IsZero;

    public (Address Owner, ulong Height, uint Version) Ownership
    {
        get
        {
            var word = call.Read(start);
            return (AddressIn(word), Bits(word, 160, 64), (uint)Bits(word, 224, 32));
        }
        set => call.Write(start, ToWord(value.Owner) | ((UInt256)value.Height << 160) | ((UInt256)value.Version << 224));
    }

    public (Address Publisher, ulong Gas, uint Size) Origin
    {
        get
        {
            var word = call.Read(start + Publication);
            return (AddressIn(word), Bits(word, 160, 64), (uint)Bits(word, 224, 32));
        }
        set => call.Write(
            start + Publication, ToWord(value.Publisher) | ((UInt256)value.Gas << 160) | ((UInt256)value.Size << 224));
    }

    /// <summary>Whether the model lies elsewhere, and its account holds a descriptor alone.</summary>
    public bool IsOffChain => Origin.Size == 0;

    public Hash256 Hash
    {
        get => call.Read(start + HashSlot).ToHash256();
        set => call.Write(start + HashSlot, UInt256.FromBigEndian(value.Span));
    }

    public UInt256 Price
    {
        get => call.Read(start + PriceSlot);
        set => call.Write(start + PriceSlot, value);
    }

    public ulong LoadGas
    {
        get => (ulong)call.Read(start + LoadGasSlot);
        set => call.Write(start + LoadGasSlot, value);
    }

    /// <summary>The hash of the text, which is a blob; zero when there is none.</summary>
    public Hash256 Metadata
    {
        get => call.Read(start + MetadataSlot).ToHash256();
        set => call.Write(start + MetadataSlot, UInt256.FromBigEndian(value.Span));
    }

    public string Name
    {
        get => ReadString(call, start + NameSlot);
        set => WriteString(call, start + NameSlot, value);
    }
}

/// <summary>An upload's progress, in one word.</summary>
/// <param name="Size">0 means that there is no upload.</param>
internal readonly record struct UploadProgress(uint Size, uint Received, uint ChunkSize, ulong ExpiresAt)
{
    public bool Exists => Size != 0;
}

internal readonly struct UploadSlots(NativeCall call, UInt256 start)
{
    private static readonly UInt256 DepositSlot = 1;
    private static readonly UInt256 ChunksSlot = 2;

    public UploadProgress Progress
    {
        get
        {
            var word = call.Read(start);
            return new UploadProgress(
                (uint)Bits(word, 0, 32),
                (uint)Bits(word, 32, 32),
                (uint)Bits(word, 64, 32),
                Bits(word, 96, 64));
        }
        set => call.Write(
            start, (UInt256)value.Size | ((UInt256)value.Received << 32) | ((UInt256)value.ChunkSize << 64) | ((UInt256)value.ExpiresAt << 96));
    }

    public UInt256 Deposit
    {
        get => call.Read(start + DepositSlot);
        set => call.Write(start + DepositSlot, value);
    }

    /// <summary>The array of the chunks' hashes.</summary>
    public UInt256 Chunks => start + ChunksSlot;

    /// <summary>Frees every slot of the upload.</summary>
    public void Clear()
    {
        ContractStorage.Clear(call, Chunks);
        call.Write(start + DepositSlot, UInt256.Zero);
        call.Write(start, UInt256.Zero);
    }
}
