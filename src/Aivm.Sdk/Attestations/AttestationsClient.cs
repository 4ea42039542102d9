using System.Diagnostics.CodeAnalysis;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What the chain knows of a provider's session.</summary>
/// <param name="Signer">Signs results.</param>
/// <param name="Kind">As in receipts: 2 by real hardware, 4 by a development TEE, which proves nothing.</param>
/// <param name="OpenedAt">Unix seconds.</param>
/// <param name="ExpiresAt">Unix seconds: the first at which it lives no more.</param>
/// <param name="EncryptionKey">X25519: confidential inputs are encrypted to it.</param>
/// <param name="ModelSetRoot">Which models it serves.</param>
/// <param name="Measurement">Names the workload (docs/spec/attestations-contract.md, "Measurement").</param>
public sealed record ProviderSession(
    Address Signer, int Kind, ulong OpenedAt, ulong ExpiresAt, Hash256 EncryptionKey, Hash256 ModelSetRoot, Hash256 Measurement);

/// <summary>Evidence with what it is bound to. The report data that the hardware signed are those of these values, this chain and the sender.</summary>
/// <param name="Certificates">Of AMD, in DER or PEM; none for others.</param>
/// <param name="SigningKey">On secp256k1, compressed: 33 bytes.</param>
/// <param name="BlockHash">Of <paramref name="Height"/>, a recent block below the head.</param>
public sealed record SessionEvidence(
    ReadOnlyMemory<byte> Evidence,
    IReadOnlyList<ReadOnlyMemory<byte>> Certificates,
    ReadOnlyMemory<byte> SigningKey,
    Hash256 EncryptionKey,
    Hash256 ModelSetRoot,
    Hash256 BlockHash,
    ulong Height,
    Hash256 Nonce)
{
    /// <summary>From the calldata that opened a session.</summary>
    internal static bool TryDecode(ReadOnlySpan<byte> calldata, [NotNullWhen(true)] out SessionEvidence? evidence)
    {
        evidence = null;
        if (!AbiSelector.TrySplit(calldata, out var selector, out var arguments) || selector != AttestationsInterface.OpenSession.Selector)
            return false;
        var reader = new AbiReader(arguments);
        if (!reader.TryReadBytes(out var shown) || !TryReadCertificates(ref reader, out var certificates) || !reader.TryReadBytes(out var signingKey)
            || !reader.TryReadHash(out var encryptionKey) || !reader.TryReadHash(out var modelSetRoot) || !reader.TryReadHash(out var blockHash)
            || !reader.TryReadUInt64(out var height) || !reader.TryReadHash(out var nonce) || !reader.TryEnd())
            return false;
        evidence = new SessionEvidence(shown.ToArray(), certificates, signingKey.ToArray(), encryptionKey, modelSetRoot, blockHash, height, nonce);
        return true;
    }

    private static bool TryReadCertificates(ref AbiReader reader, out List<ReadOnlyMemory<byte>> certificates)
    {
        certificates = [];
        if (!reader.TryEnterArray(out var count))
            return false;
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryReadBytes(out var certificate))
                return false;
            certificates.Add(certificate.ToArray());
        }
        return reader.TryLeave();
    }

    internal byte[] Encode()
    {
        var writer = AttestationsInterface.OpenSession.BeginCall().WriteBytes(Evidence.Span).BeginArray(Certificates.Count);
        foreach (var certificate in Certificates)
            writer.WriteBytes(certificate.Span);
        return writer.End()
            .WriteBytes(SigningKey.Span)
            .WriteHash(EncryptionKey)
            .WriteHash(ModelSetRoot)
            .WriteHash(BlockHash)
            .WriteUInt(Height)
            .WriteHash(Nonce)
            .ToArray();
    }
}

/// <summary>Intel's collateral as the chain took it.</summary>
/// <param name="Key">Where it lies: by the other two, and by the authority that certified the platforms.</param>
/// <param name="Kind"><c>sgx</c> or <c>tdx</c>.</param>
/// <param name="Fmspc">Names a family of platforms.</param>
/// <param name="ValidFrom">Unix seconds: the first at which all of it is valid.</param>
/// <param name="ValidUntil">Unix seconds: the last.</param>
public sealed record StoredCollateral(Hash256 Key, string Kind, ReadOnlyMemory<byte> Fmspc, long ValidFrom, long ValidUntil, TransactionReceipt Transaction)
{
    /// <summary>Of the year 9999, the last that dates have.</summary>
    private const ulong LastSecond = 253_402_300_799;

    /// <summary>From the log of a successful transaction.</summary>
    /// <exception cref="AivmException"><c>node-answer-invalid</c>.</exception>
    internal static StoredCollateral Read(TransactionReceipt transaction)
    {
        foreach (var log in transaction.Logs)
        {
            if (log.Address == AttestationsInterface.Contract && log.Topics.Count == 2 && log.Topics[0] == AttestationsInterface.CollateralStored.Topic
                && TryRead(log, transaction, out var stored))
                return stored;
        }
        throw ModelsClient.Malformed(AttestationsInterface.StoreCollateral);
    }

    private static bool TryRead(LogEntry log, TransactionReceipt transaction, [NotNullWhen(true)] out StoredCollateral? stored)
    {
        stored = null;
        var reader = new AbiReader(log.Data.Span);
        if (!reader.TryReadString(out var kind) || !reader.TryReadBytes(out var fmspc) || !reader.TryReadUInt64(out var from)
            || !reader.TryReadUInt64(out var until) || !reader.TryEnd() || from > LastSecond || until > LastSecond)
            return false;
        stored = new StoredCollateral(log.Topics[1], kind, fmspc.ToArray(), (long)from, (long)until, transaction);
        return true;
    }
}

/// <summary>Shows evidence of trusted hardware to the chain, and reads the sessions that it opened.</summary>
public sealed class AttestationsClient(Wallet wallet)
{
    /// <summary>Null where the provider has none. One that has expired is still read.</summary>
    public async Task<ProviderSession?> GetSessionAsync(Address provider, CancellationToken cancellation = default)
    {
        var call = AttestationsInterface.SessionOf.BeginCall().WriteAddress(provider).ToArray();
        var data = await wallet.Rpc.CallAsync(new CallRequest { To = AttestationsInterface.Contract, Data = call }, cancellation);
        var reader = new AbiReader(data);
        if (!reader.TryReadAddress(out var signer) || !reader.TryReadUInt32(out var kind) || !reader.TryReadUInt64(out var openedAt)
            || !reader.TryReadUInt64(out var expiresAt) || !reader.TryReadHash(out var encryptionKey) || !reader.TryReadHash(out var modelSetRoot)
            || !reader.TryReadHash(out var measurement) || !reader.TryEnd() || kind > byte.MaxValue)
            throw ModelsClient.Malformed(AttestationsInterface.SessionOf);
        return signer.IsZero ? null : new ProviderSession(signer, (int)kind, openedAt, expiresAt, encryptionKey, modelSetRoot, measurement);
    }

    /// <summary>Opens the sender's session, or takes the place of its last one.</summary>
    /// <exception cref="RpcException">The evidence is refused; the message names the check.</exception>
    public Task<TransactionReceipt> OpenSessionAsync(SessionEvidence evidence, CancellationToken cancellation = default) => SendAsync(evidence.Encode(), cancellation);

    /// <exception cref="RpcException">There is no session.</exception>
    public Task<TransactionReceipt> CloseSessionAsync(CancellationToken cancellation = default) =>
        SendAsync(AttestationsInterface.CloseSession.BeginCall().ToArray(), cancellation);

    /// <summary>Asks the node whether it would take the collateral, and what that costs: nothing is sent.</summary>
    /// <param name="bundle">Intel's, in one JSON object (docs/spec/attestation.md, "Collateral").</param>
    /// <exception cref="RpcException">The collateral is refused; the message names the check.</exception>
    public Task<GasQuote> QuoteCollateralAsync(ReadOnlyMemory<byte> bundle, CancellationToken cancellation = default) =>
        wallet.QuoteAsync(StoreCollateral(bundle), cancellation);

    /// <summary>Stores collateral in a transaction, on the terms of a quote.</summary>
    public async Task<StoredCollateral> StoreCollateralAsync(ReadOnlyMemory<byte> bundle, GasQuote quote, CancellationToken cancellation = default) =>
        StoredCollateral.Read(await wallet.SendAndWaitAsync(StoreCollateral(bundle).On(quote), cancellation));

    private static TransactionRequest StoreCollateral(ReadOnlyMemory<byte> bundle) =>
        Request(AttestationsInterface.StoreCollateral.BeginCall().WriteBytes(bundle.Span).ToArray());

    private static TransactionRequest Request(byte[] data) => new() { To = AttestationsInterface.Contract, Data = data };

    private Task<TransactionReceipt> SendAsync(byte[] data, CancellationToken cancellation) => wallet.SendAndWaitAsync(Request(data), cancellation);
}
