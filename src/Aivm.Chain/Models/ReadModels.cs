using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>The methods that only read.</summary>
internal static class ReadModels
{
    public static byte[] Resolve(NativeCall call, AbiReader arguments)
    {
        var name = ReadName(arguments, ModelsAbi.Resolve);
        if (!ModelNames.TryParse(name, out var publisher, out var localName, out var version))
            throw ModelsErrors.ModelNotFound(name);
        var versions = ModelsStorage.Versions(call, publisher, localName);
        var count = ContractStorage.Length(call, versions);
        if (count.IsZero || version > count)
            throw ModelsErrors.ModelNotFound(name);
        var index = (version == 0 ? count : version) - UInt256.One;
        var model = ContractStorage.ToAddress(ContractStorage.Element(call, versions, index));
        return ModelsAbi.Resolve.BeginReturn().WriteAddress(model).ToArray();
    }

    public static byte[] VersionCount(NativeCall call, AbiReader arguments)
    {
        var name = ReadName(arguments, ModelsAbi.VersionCount);
        if (!ModelNames.TryParse(name, out var publisher, out var localName, out _))
            throw ModelsErrors.ModelNotFound(name);
        var count = ContractStorage.Length(call, ModelsStorage.Versions(call, publisher, localName));
        return ModelsAbi.VersionCount.BeginReturn().WriteUInt(count).ToArray();
    }

    public static byte[] GasOf(NativeCall call, AbiReader arguments) =>
        ModelsAbi.GasOf.BeginReturn().WriteUInt(ReadModel(call, arguments, ModelsAbi.GasOf).Origin.Gas).ToArray();

    public static byte[] Info(NativeCall call, AbiReader arguments)
    {
        var record = ReadModel(call, arguments, ModelsAbi.Info);
        var (owner, height, version) = record.Ownership;
        var (publisher, gas, size) = record.Origin;
        return ModelsAbi.Info.BeginReturn()
            .WriteAddress(owner)
            .WriteAddress(publisher)
            .WriteHash(record.Hash)
            .WriteString(record.Name)
            .WriteUInt(version)
            .WriteBytes(MetadataOf(call, record).Span)
            .WriteUInt(record.Price)
            .WriteUInt(gas)
            .WriteUInt(record.LoadGas)
            .WriteUInt(size)
            .WriteUInt(height)
            .ToArray();
    }

    public static byte[] OwnerOf(NativeCall call, AbiReader arguments) =>
        ModelsAbi.OwnerOf.BeginReturn().WriteAddress(ReadModel(call, arguments, ModelsAbi.OwnerOf).Ownership.Owner).ToArray();

    public static byte[] PriceOf(NativeCall call, AbiReader arguments) =>
        ModelsAbi.PriceOf.BeginReturn().WriteUInt(ReadModel(call, arguments, ModelsAbi.PriceOf).Price).ToArray();

    public static byte[] MetadataOf(NativeCall call, AbiReader arguments) =>
        ModelsAbi.MetadataOf.BeginReturn().WriteBytes(MetadataOf(call, ReadModel(call, arguments, ModelsAbi.MetadataOf)).Span).ToArray();

    public static byte[] PublisherOf(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadHash(out var hash) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.PublisherOf);
        return ModelsAbi.PublisherOf.BeginReturn().WriteAddress(ModelsStorage.FirstPublisher(call, hash)).ToArray();
    }

    public static byte[] AddressOf(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var publisher) || !arguments.TryReadHash(out var hash) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.AddressOf);
        return ModelsAbi.AddressOf.BeginReturn().WriteAddress(ModelAccount.AddressOf(publisher, hash)).ToArray();
    }

    public static byte[] ModelCount(NativeCall call, AbiReader arguments)
    {
        ContractErrors.RequireNoArguments(arguments, ModelsAbi.ModelCount);
        return ModelsAbi.ModelCount.BeginReturn().WriteUInt(ModelsStorage.ModelCount(call)).ToArray();
    }

    public static byte[] ModelAt(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt256(out var index) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.ModelAt);
        var count = ModelsStorage.ModelCount(call);
        if (index >= count)
            throw ModelsErrors.IndexOutOfRange(count);
        return ModelsAbi.ModelAt.BeginReturn().WriteAddress(ModelsStorage.ModelAt(call, index)).ToArray();
    }

    public static byte[] Upload(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var publisher) || !arguments.TryReadHash(out var hash) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.Upload);
        var upload = ModelsStorage.Upload(call, publisher, hash);
        var progress = upload.Progress;
        return ModelsAbi.Upload.BeginReturn()
            .WriteUInt(progress.Size)
            .WriteUInt(progress.Received)
            .WriteUInt(progress.ChunkSize)
            .WriteUInt(progress.ExpiresAt)
            .WriteUInt(upload.Deposit)
            .ToArray();
    }

    public static byte[] DepositFor(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadUInt32(out var size) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.DepositFor);
        return ModelsAbi.DepositFor.BeginReturn().WriteUInt(BeginUpload.DepositFor(size)).ToArray();
    }

    public static byte[] ReceiptHeight(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadHash(out var receiptId) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.ReceiptHeight);
        return ModelsAbi.ReceiptHeight.BeginReturn().WriteUInt(ModelsStorage.ReceiptHeight(call, receiptId)).ToArray();
    }

    public static byte[] RootCount(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.RootCount);
        return ModelsAbi.RootCount.BeginReturn().WriteUInt(ContractStorage.Length(call, ModelsStorage.Roots(call, model))).ToArray();
    }

    public static byte[] RootAt(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryReadUInt256(out var index) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.RootAt);
        var roots = ModelsStorage.Roots(call, model);
        var count = ContractStorage.Length(call, roots);
        if (index >= count)
            throw ModelsErrors.IndexOutOfRange(count);
        return ModelsAbi.RootAt.BeginReturn().WriteHash(ContractStorage.Element(call, roots, index).ToHash256()).ToArray();
    }

    public static byte[] RootHeight(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryReadHash(out var root) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(ModelsAbi.RootHeight);
        return ModelsAbi.RootHeight.BeginReturn().WriteUInt(ModelsStorage.ReadRootHeight(call, model, root)).ToArray();
    }

    public static byte[] NetworkFeeBps(NativeCall call, AbiReader arguments)
    {
        ContractErrors.RequireNoArguments(arguments, ModelsAbi.NetworkFeeBps);
        return ModelsAbi.NetworkFeeBps.BeginReturn().WriteUInt((ulong)call.Block.Genesis.NetworkFeeBps).ToArray();
    }

    private static ReadOnlyMemory<byte> MetadataOf(NativeCall call, ModelSlots record)
    {
        var hash = record.Metadata;
        if (hash.IsZero)
            return default;
        var metadata = call.State.GetBlob(hash);
        call.Charge(CallGas.ReadByte * (ulong)metadata.Length);
        return metadata;
    }

    private static ModelSlots ReadModel(NativeCall call, AbiReader arguments, AbiFunction function)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(function);
        return ModelsStorage.Model(call, model);
    }

    private static string ReadName(AbiReader arguments, AbiFunction function)
    {
        if (!arguments.TryReadString(out var name) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(function);
        return name;
    }
}
