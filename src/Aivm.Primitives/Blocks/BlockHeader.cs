using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Aivm.Primitives;

/// <summary>
/// Ethereum's header with the fields of Prague. Its hash is the application hash that consensus agrees on. Fields without a meaning on
/// this chain begin with the values that they always have.
/// </summary>
public sealed record BlockHeader
{
    public const int MaxExtraDataLength = 32;

    private const int NonceSize = 8;
    private const int UsualLength = 640;

    /// <summary>The hash of an empty RLP list.</summary>
    public static readonly Hash256 EmptyOmmersHash = Hash256.Parse("0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");

    /// <summary>The root of a trie without leaves.</summary>
    public static readonly Hash256 EmptyTrieRoot = Hash256.Parse("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

    /// <summary>SHA-256 of nothing (EIP-7685).</summary>
    public static readonly Hash256 EmptyRequestsHash = Hash256.Parse("0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    public Hash256 ParentHash { get; init; }

    public Hash256 OmmersHash { get; init; } = EmptyOmmersHash;

    /// <summary>The proposer, who is paid the priority fees.</summary>
    public Address Coinbase { get; init; }

    public Hash256 StateRoot { get; init; } = EmptyTrieRoot;

    public Hash256 TransactionsRoot { get; init; } = EmptyTrieRoot;

    public Hash256 ReceiptsRoot { get; init; } = EmptyTrieRoot;

    public Bloom Bloom { get; init; } = Bloom.Empty;

    public UInt256 Difficulty { get; init; }

    public ulong Number { get; init; }

    public ulong GasLimit { get; init; }

    public ulong GasUsed { get; init; }

    /// <summary>Seconds since the Unix epoch.</summary>
    public ulong Time { get; init; }

    /// <summary>At most <see cref="MaxExtraDataLength"/> bytes.</summary>
    public ReadOnlyMemory<byte> ExtraData { get; init; }

    public Hash256 MixHash { get; init; }

    public ulong Nonce { get; init; }

    /// <summary>In wei per gas.</summary>
    public UInt256 BaseFee { get; init; }

    public Hash256 WithdrawalsRoot { get; init; } = EmptyTrieRoot;

    public ulong BlobGasUsed { get; init; }

    public ulong ExcessBlobGas { get; init; }

    public Hash256 ParentBeaconBlockRoot { get; init; }

    public Hash256 RequestsHash { get; init; } = EmptyRequestsHash;

    /// <summary>Computed at each call: about 2 µs.</summary>
    public Hash256 Hash
    {
        get
        {
            var writer = new RlpWriter(UsualLength);
            Write(writer);
            return Keccak.Hash(writer.Written);
        }
    }

    public byte[] Encode()
    {
        var writer = new RlpWriter(UsualLength);
        Write(writer);
        return writer.ToArray();
    }

    /// <param name="error"><c>header-malformed</c>.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out BlockHeader? header, [NotNullWhen(false)] out Error? error)
    {
        var reader = new RlpReader(encoded);
        error = null;
        if (TryRead(ref reader, out header) && reader.End)
            return true;
        header = null;
        error = new Error("header-malformed", "The block header is malformed: it is not the canonical RLP of the fields of Prague.");
        return false;
    }

    internal void Write(RlpWriter writer)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        BinaryPrimitives.WriteUInt64BigEndian(nonce, Nonce);
        var fields = writer.BeginList();
        writer.Write(ParentHash);
        writer.Write(OmmersHash);
        writer.Write(Coinbase);
        writer.Write(StateRoot);
        writer.Write(TransactionsRoot);
        writer.Write(ReceiptsRoot);
        writer.Write(Bloom.Span);
        writer.Write(Difficulty);
        writer.Write(Number);
        writer.Write(GasLimit);
        writer.Write(GasUsed);
        writer.Write(Time);
        writer.Write(ExtraData.Span);
        writer.Write(MixHash);
        writer.Write(nonce);
        writer.Write(BaseFee);
        writer.Write(WithdrawalsRoot);
        writer.Write(BlobGasUsed);
        writer.Write(ExcessBlobGas);
        writer.Write(ParentBeaconBlockRoot);
        writer.Write(RequestsHash);
        writer.EndList(fields);
    }

    internal static bool TryRead(ref RlpReader reader, [NotNullWhen(true)] out BlockHeader? header)
    {
        header = null;
        if (!reader.TryReadList(out var fields)
            || !fields.TryReadHash(out var parentHash)
            || !fields.TryReadHash(out var ommersHash)
            || !fields.TryReadAddress(out var coinbase)
            || !fields.TryReadHash(out var stateRoot)
            || !fields.TryReadHash(out var transactionsRoot)
            || !fields.TryReadHash(out var receiptsRoot)
            || !fields.TryReadBytes(out var bloom)
            || bloom.Length != Bloom.Size
            || !fields.TryReadUInt256(out var difficulty)
            || !fields.TryReadUInt64(out var number)
            || !fields.TryReadUInt64(out var gasLimit)
            || !fields.TryReadUInt64(out var gasUsed)
            || !fields.TryReadUInt64(out var time)
            || !fields.TryReadBytes(out var extraData)
            || extraData.Length > MaxExtraDataLength
            || !fields.TryReadHash(out var mixHash)
            || !fields.TryReadBytes(out var nonce)
            || nonce.Length != NonceSize
            || !fields.TryReadUInt256(out var baseFee)
            || !fields.TryReadHash(out var withdrawalsRoot)
            || !fields.TryReadUInt64(out var blobGasUsed)
            || !fields.TryReadUInt64(out var excessBlobGas)
            || !fields.TryReadHash(out var parentBeaconBlockRoot)
            || !fields.TryReadHash(out var requestsHash)
            || !fields.End)
            return false;
        header = new BlockHeader
        {
            ParentHash = parentHash,
            OmmersHash = ommersHash,
            Coinbase = coinbase,
            StateRoot = stateRoot,
            TransactionsRoot = transactionsRoot,
            ReceiptsRoot = receiptsRoot,
            Bloom = Bloom.FromBytes(bloom),
            Difficulty = difficulty,
            Number = number,
            GasLimit = gasLimit,
            GasUsed = gasUsed,
            Time = time,
            ExtraData = extraData.ToArray(),
            MixHash = mixHash,
            Nonce = BinaryPrimitives.ReadUInt64BigEndian(nonce),
            BaseFee = baseFee,
            WithdrawalsRoot = withdrawalsRoot,
            BlobGasUsed = blobGasUsed,
            ExcessBlobGas = excessBlobGas,
            ParentBeaconBlockRoot = parentBeaconBlockRoot,
            RequestsHash = requestsHash,
        };
        return true;
    }
}
