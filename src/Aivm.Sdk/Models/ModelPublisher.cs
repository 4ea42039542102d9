using System.Text;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What is published: a container from the compiler, and what the owner says about it.</summary>
/// <param name="Container">The AIVM-Q container; its Keccak hash is the model's.</param>
/// <param name="Name">1 to 64 of <c>a-z 0-9 . _ -</c>, the first a letter or a digit. A name used before gets a new version.</param>
/// <param name="Metadata">At most 16 KiB, by convention JSON.</param>
/// <param name="Price">In wei, of one paid inference.</param>
public sealed record ModelRelease(ReadOnlyMemory<byte> Container, string Name, string Metadata = "", UInt256 Price = default)
{
    public Hash256 Hash { get; } = Keccak.Hash(Container.Span);
}

/// <summary>What publishing will cost at most.</summary>
/// <param name="Transactions">Those still to send: fewer when an upload is resumed.</param>
/// <param name="Gas">An upper bound; what is not used is not paid.</param>
/// <param name="Fee">In wei, for that gas at its present price.</param>
/// <param name="Deposit">In wei; comes back when the model is sealed.</param>
public sealed record PublishQuote(int Transactions, ulong Gas, UInt256 Fee, UInt256 Deposit)
{
    /// <summary>The balance that is needed to begin.</summary>
    public UInt256 Total => Fee + Deposit;
}

/// <summary>How far a publication has come.</summary>
/// <param name="Uploaded">Bytes of the container in blocks.</param>
public readonly record struct PublishProgress(int Uploaded, int Length);

/// <summary>A published model.</summary>
/// <param name="Gas">Of one run.</param>
/// <param name="GasUsed">By the transactions of this publication.</param>
/// <param name="Fee">In wei, that those cost.</param>
/// <param name="Height">The block that sealed it.</param>
public sealed record PublishResult(Address Model, Hash256 Hash, string Name, uint Version, ulong Gas, ulong GasUsed, UInt256 Fee, ulong Height);

/// <summary>
/// Publishes models through the Models contract: <c>begin</c>, chunks, <c>seal</c>. An upload that was interrupted goes on where it
/// stopped; one that expired is reclaimed and begun again. A model off the chain is one transaction.
/// </summary>
public sealed class ModelPublisher(Wallet wallet)
{
    /// <summary>Chunks on their way at once: together they fit into a block of the default size.</summary>
    private const int Window = 8;

    private const int MaxNameLength = 64;

    private readonly ModelsClient _models = new(wallet.Rpc);

    /// <summary>Quotes before anything is paid.</summary>
    /// <exception cref="AivmException"><c>model-invalid</c>, <c>model-already-published</c>.</exception>
    public async Task<PublishQuote> EstimateAsync(ModelRelease release, CancellationToken cancellation = default)
    {
        var (upload, expired) = await PrepareAsync(release, cancellation);
        var chunks = Chunks(release, upload).ToArray();
        var gas = PublishGas.Seal(SealCall(release), release.Container.Length, ChunkCount(release, upload));
        foreach (var (_, call) in chunks)
            gas += PublishGas.Chunk(call);
        var deposit = UInt256.Zero;
        if (upload is null)
        {
            gas += PublishGas.Begin(BeginCall(release));
            deposit = await DepositAsync(release, cancellation);
        }
        if (expired)
            gas += PublishGas.Begin(ReclaimCall(release, wallet.Address));
        var transactions = (expired ? 1 : 0) + (upload is null ? 1 : 0) + chunks.Length + 1;
        var fees = await wallet.Rpc.GetFeesAsync(cancellation);
        return new PublishQuote(transactions, gas, fees.MaxFeePerGas * gas, deposit);
    }

    /// <exception cref="AivmException">
    /// <c>model-invalid</c>, <c>model-already-published</c>, <c>transaction-reverted</c>, <c>receipt-timeout</c>. After the last two the
    /// same call resumes the upload.
    /// </exception>
    public async Task<PublishResult> PublishAsync(
        ModelRelease release, IProgress<PublishProgress>? progress = null, CancellationToken cancellation = default)
    {
        var receipts = new List<TransactionReceipt>();
        var (upload, expired) = await PrepareAsync(release, cancellation);
        if (expired)
            await SendAsync(ReclaimCall(release, wallet.Address));
        if (upload is null)
            await SendAsync(BeginCall(release), await DepositAsync(release, cancellation));
        progress?.Report(new PublishProgress((int)(upload?.Received ?? 0), release.Container.Length));

        foreach (var window in Chunks(release, upload).Chunk(Window))
        {
            var fees = await wallet.Rpc.GetFeesAsync(cancellation);
            var sent = new List<Transaction>();
            foreach (var (_, call) in window)
                sent.Add(await wallet.SendAsync(Request(call) with { GasLimit = PublishGas.Chunk(call), Fees = fees }, cancellation));
            for (var i = 0; i < sent.Count; i++)
            {
                receipts.Add(await wallet.WaitAsync(sent[i], cancellation));
                progress?.Report(new PublishProgress(window[i].End, release.Container.Length));
            }
        }
        await SendAsync(SealCall(release));
        return ReadResult(release.Hash, receipts);

        async Task SendAsync(byte[] call, UInt256 value = default) =>
            receipts.Add(await wallet.SendAndWaitAsync(Request(call) with { Value = value }, cancellation));
    }

    /// <summary>Quotes before anything is paid.</summary>
    /// <exception cref="AivmException"><c>model-invalid</c>, <c>model-already-published</c>.</exception>
    public async Task<PublishQuote> EstimateOffChainAsync(OffChainRelease release, CancellationToken cancellation = default)
    {
        await RequireOffChainAsync(release, cancellation);
        var gas = await wallet.EstimateGasAsync(Request(OffChainCall(release)), cancellation);
        var fees = await wallet.Rpc.GetFeesAsync(cancellation);
        return new PublishQuote(Transactions: 1, gas, fees.MaxFeePerGas * gas, Deposit: UInt256.Zero);
    }

    /// <summary>Publishes what describes a model that lies elsewhere. Providers fetch it by its digest: store it where they look, before anybody asks.</summary>
    /// <exception cref="AivmException"><c>model-invalid</c>, <c>model-already-published</c>, <c>transaction-reverted</c>, <c>receipt-timeout</c>.</exception>
    public async Task<PublishResult> PublishOffChainAsync(OffChainRelease release, CancellationToken cancellation = default)
    {
        await RequireOffChainAsync(release, cancellation);
        return ReadResult(release.Model.Hash, [await wallet.SendAndWaitAsync(Request(OffChainCall(release)), cancellation)]);
    }

    private async Task RequireOffChainAsync(OffChainRelease release, CancellationToken cancellation)
    {
        if (release.Model.Size is < 1 or > OffChainModel.MaxSize)
            throw Invalid($"it has {release.Model.Size} bytes; a model off the chain has 1 to {OffChainModel.MaxSize}");
        if (release.Model.Gas is < 1 or > OffChainModel.MaxGas)
            throw Invalid($"a run is said to take {release.Model.Gas} gas; 1 to {OffChainModel.MaxGas} can be declared");
        await RequirePublishableAsync(release.Model.Hash, release.Name, release.Metadata, cancellation);
    }

    /// <summary>Refuses what cannot be published and looks for an upload to go on with, or one that must be removed because it expired.</summary>
    private async Task<(UploadStatus? Upload, bool Expired)> PrepareAsync(ModelRelease release, CancellationToken cancellation)
    {
        if (release.Container.Length is 0 or > ModelsInterface.MaxContainerLength)
            throw Invalid($"its container has {release.Container.Length} bytes; 1 to {ModelsInterface.MaxContainerLength} go on the chain");
        await RequirePublishableAsync(release.Hash, release.Name, release.Metadata, cancellation);
        var upload = await _models.GetUploadAsync(wallet.Address, release.Hash, cancellation);
        var expired = upload is not null && upload.ExpiresAt <= await wallet.Rpc.GetBlockNumberAsync(cancellation);
        return (expired ? null : upload, expired);
    }

    private async Task RequirePublishableAsync(Hash256 hash, string name, string metadata, CancellationToken cancellation)
    {
        if (Encoding.UTF8.GetByteCount(metadata) > ModelsInterface.MaxMetadataLength)
            throw Invalid($"its metadata is longer than {ModelsInterface.MaxMetadataLength} bytes");
        if (!IsName(name))
            throw Invalid($"the name '{name}' is not 1 to {MaxNameLength} of a-z 0-9 . _ -, the first a letter or a digit");
        if (await _models.IsPublishedAsync(wallet.Address, hash, cancellation))
        {
            throw new AivmException(
                Failure.Input,
                "model-already-published",
                $"You have published this model already, as {ModelsInterface.ModelAddress(wallet.Address, hash)}.");
        }
    }

    private async Task<UInt256> DepositAsync(ModelRelease release, CancellationToken cancellation)
    {
        var call = ModelsInterface.DepositFor.BeginCall().WriteUInt((ulong)release.Container.Length).ToArray();
        var data = await wallet.Rpc.CallAsync(new CallRequest { To = ModelsInterface.Contract, Data = call }, cancellation);
        var reader = new AbiReader(data);
        return reader.TryReadUInt256(out var deposit) && reader.TryEnd() ? deposit : throw ModelsClient.Malformed(ModelsInterface.DepositFor);
    }

    /// <summary>The calls that remain, each with the place in the container where it ends.</summary>
    private static IEnumerable<(int End, byte[] Call)> Chunks(ModelRelease release, UploadStatus? upload)
    {
        var length = ChunkLength(upload);
        for (var start = (int)(upload?.Received ?? 0); start < release.Container.Length;)
        {
            var end = Math.Min(start + length, release.Container.Length);
            var call = ModelsInterface.Chunk.BeginCall()
                .WriteHash(release.Hash).WriteUInt((ulong)start).WriteBytes(release.Container.Span[start..end]).ToArray();
            yield return (end, call);
            start = end;
        }
    }

    private static int ChunkCount(ModelRelease release, UploadStatus? upload) =>
        (release.Container.Length + ChunkLength(upload) - 1) / ChunkLength(upload);

    /// <summary>All chunks of an upload but the last are as long as its first.</summary>
    private static int ChunkLength(UploadStatus? upload) =>
        upload is { ChunkLength: > 0 and <= ModelsInterface.MaxChunkLength } begun ? (int)begun.ChunkLength : ModelsInterface.MaxChunkLength;

    private static byte[] BeginCall(ModelRelease release) =>
        ModelsInterface.Begin.BeginCall().WriteHash(release.Hash).WriteUInt((ulong)release.Container.Length).ToArray();

    private static byte[] ReclaimCall(ModelRelease release, Address publisher) =>
        ModelsInterface.Reclaim.BeginCall().WriteAddress(publisher).WriteHash(release.Hash).ToArray();

    private static byte[] SealCall(ModelRelease release) => ModelsInterface.Seal.BeginCall()
        .WriteHash(release.Hash).WriteString(release.Name).WriteString(release.Metadata).WriteUInt(release.Price).ToArray();

    private static byte[] OffChainCall(OffChainRelease release) => ModelsInterface.PublishOffChain.BeginCall()
        .WriteUInt((ulong)release.Model.Kind).WriteHash(release.Model.Hash).WriteHash(release.Model.Digest.Hash)
        .WriteUInt((ulong)release.Model.Size).WriteUInt(release.Model.Gas)
        .WriteString(release.Name).WriteString(release.Metadata).WriteUInt(release.Price).ToArray();

    private static TransactionRequest Request(byte[] call) => new() { To = ModelsInterface.Contract, Data = call };

    private static PublishResult ReadResult(Hash256 hash, List<TransactionReceipt> receipts)
    {
        foreach (var log in receipts[^1].Logs)
        {
            if (log.Address != ModelsInterface.Contract || log.Topics.Count != 4 || log.Topics[0] != ModelsInterface.ModelPublished.Topic)
                continue;
            var reader = new AbiReader(log.Data.Span);
            if (!reader.TryReadString(out var name)
                || !reader.TryReadUInt32(out var version)
                || !reader.TryReadUInt256(out _)
                || !reader.TryReadUInt64(out var gas)
                || !reader.TryEnd())
                break;
            var model = new Address(log.Topics[1].Span[(Hash256.Size - Address.Size)..]);
            var gasUsed = receipts.Aggregate(0UL, (sum, receipt) => sum + receipt.GasUsed);
            var fee = receipts.Aggregate(UInt256.Zero, (sum, receipt) => sum + receipt.Fee);
            return new PublishResult(model, hash, name, version, gas, gasUsed, fee, receipts[^1].BlockNumber);
        }
        throw ModelsClient.Malformed(ModelsInterface.Seal);
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-');

    private static AivmException Invalid(string reason) => new(Failure.Input, "model-invalid", $"The model cannot be published: {reason}.");
}
