using System.Text.Unicode;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What a publisher says of a model, wherever its bytes are: it becomes the model's record, its account and an event.</summary>
internal readonly ref struct Publication
{
    private readonly string _name;
    private readonly ReadOnlySpan<byte> _metadata;
    private readonly UInt256 _price;

    private Publication(string name, ReadOnlySpan<byte> metadata, UInt256 price)
    {
        _name = name;
        _metadata = metadata;
        _price = price;
    }

    /// <summary>Reads <c>string name, string metadata, uint256 price</c>, the last arguments.</summary>
    public static bool TryRead(AbiReader arguments, out Publication publication)
    {
        publication = default;
        if (!arguments.TryReadString(out var name) || !arguments.TryReadBytes(out var metadata) || !arguments.TryReadUInt256(out var price) || !arguments.TryEnd())
            return false;
        publication = new Publication(name, metadata, price);
        return true;
    }

    public void RequireValid()
    {
        if (!ModelNames.IsLocalName(_name))
            throw ModelsErrors.InvalidName(_name);
        if (_metadata.Length > ModelsParameters.MaxMetadataBytes)
            throw ModelsErrors.MetadataTooLong(_metadata.Length, ModelsParameters.MaxMetadataBytes);
        if (!Utf8.IsValid(_metadata))
            throw ModelsErrors.InvalidMetadata();
    }

    /// <summary>The new account's gas and its code's are charged by who calls.</summary>
    /// <param name="size">Of the container on the chain; 0 where the model lies elsewhere.</param>
    public Address CreateAccount(NativeCall call, Hash256 hash, byte[] code, ulong gas, ulong loadGas, uint size)
    {
        var account = ModelAccount.AddressOf(call.Caller, hash);
        var record = ModelsStorage.NewModel(call, account);
        if (record.Exists)
            throw ModelsErrors.AlreadyPublished(account);
        var version = AddVersion(call, account);
        ModelsStorage.AddModel(call, account);
        if (ModelsStorage.FirstPublisher(call, hash).IsZero)
            ModelsStorage.SetFirstPublisher(call, hash, call.Caller);
        record.Ownership = (call.Caller, call.Block.Number, version);
        record.Origin = (call.Caller, gas, size);
        record.Hash = hash;
        record.Price = _price;
        record.LoadGas = loadGas;
        record.Name = _name;
        if (!_metadata.IsEmpty)
            record.Metadata = call.StoreBlob(_metadata);
        call.State.SetNonce(account, 1);
        call.State.SetCode(account, code);
        call.Log(
            ModelsAbi.ModelPublished,
            ModelsAbi.ModelPublished.BeginData().WriteString(_name).WriteUInt(version).WriteUInt(_price).WriteUInt(gas),
            AbiEvent.TopicOf(account),
            AbiEvent.TopicOf(call.Caller),
            hash);
        return account;
    }

    private uint AddVersion(NativeCall call, Address account)
    {
        var versions = ModelsStorage.Versions(call, call.Caller, _name);
        ContractStorage.Append(call, versions, ContractStorage.ToWord(account));
        return (uint)(ulong)ContractStorage.Length(call, versions);
    }
}
