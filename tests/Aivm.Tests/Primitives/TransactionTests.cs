using Aivm.Primitives;
using CsCheck;

namespace Aivm.Tests.Primitives;

public sealed class TransactionTests
{
    private static readonly byte[] Key = Hex.Decode("0x4646464646464646464646464646464646464646464646464646464646464646");
    private static readonly Address Recipient = Address.Parse("0x3535353535353535353535353535353535353535");

    private static readonly UnsignedTransaction[] OneOfEachType =
    [
        new() { Type = TransactionType.Legacy, Nonce = 9, GasPrice = 20_000_000_000, GasLimit = 21_000, To = Recipient, Value = 1_000_000_000_000_000_000, ChainId = 1 },
        new() { Type = TransactionType.Legacy, GasPrice = 1, GasLimit = 50_000, To = Recipient, Data = new byte[] { 1, 2, 3 } },
        new()
        {
            Type = TransactionType.AccessList, ChainId = 31337, Nonce = 300, GasPrice = 7, GasLimit = 90_000, To = Recipient,
            AccessList = [new AccessListEntry(Recipient, [Hash256.Zero, Keccak.Hash([])]), new AccessListEntry(Address.Zero, [])],
        },
        new() { ChainId = 31337, MaxPriorityFeePerGas = 1, MaxFeePerGas = 2, GasLimit = 100_000, Data = new byte[60], AccessList = [new AccessListEntry(Recipient, [])] },
    ];

    [Fact]
    public void The_example_of_EIP_155_is_reproduced()
    {
        var unsigned = OneOfEachType[0];
        Assert.Equal("0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53", unsigned.SigningHash.ToString());
        var transaction = unsigned.Sign(Key);
        Assert.Equal(
            "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
            Hex.Encode(transaction.Encoded.Span));
        Assert.Equal(37UL, transaction.V);
        Assert.True(transaction.TryRecoverSender(out var sender));
        Assert.Equal("0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f", sender.ToString());
    }

    [Fact]
    public void Transactions_of_ethers_are_read_signed_and_hashed_alike()
    {
        foreach (var expected in Fixtures.Read("transactions.json").GetProperty("transactions").EnumerateArray())
        {
            var transaction = Decode(Hex.Decode(expected.Text("raw")));
            Assert.Equal(expected.Text("hash"), transaction.Hash.ToString());
            Assert.Equal(expected.Text("signingHash"), transaction.SigningHash.ToString());
            Assert.Equal(expected.GetProperty("type").GetInt32(), (int)transaction.Type);
            Assert.Equal(expected.Text("chainId"), transaction.ChainId?.ToString());
            Assert.Equal(expected.Text("nonce"), transaction.Nonce.ToString());
            Assert.Equal(expected.Text("maxPriorityFeePerGas"), transaction.MaxPriorityFeePerGas.ToString());
            Assert.Equal(expected.Text("maxFeePerGas"), transaction.MaxFeePerGas.ToString());
            Assert.Equal(expected.Text("gasLimit"), transaction.GasLimit.ToString());
            Assert.Equal(expected.Text("to"), transaction.To?.ToString());
            Assert.Equal(expected.Text("value"), transaction.Value.ToString());
            Assert.Equal(expected.Text("data"), Hex.Encode(transaction.Data.Span));
            var accessList = expected.GetProperty("accessList").EnumerateArray().ToArray();
            Assert.Equal(accessList.Select(entry => entry.Text("address")), transaction.AccessList.Select(entry => entry.Address.ToString()));
            Assert.Equal(
                accessList.SelectMany(entry => entry.Texts("storageKeys")),
                transaction.AccessList.SelectMany(entry => entry.StorageKeys).Select(key => key.ToString()));
            Assert.True(transaction.TryRecoverSender(out var sender));
            Assert.Equal(expected.Text("sender"), sender.ToString());
            Assert.Equal(expected.Text("raw"), Hex.Encode(Content(transaction).Sign(Hex.Decode(expected.Text("key"))).Encoded.Span));
        }
    }

    [Fact]
    public void What_was_signed_is_what_is_decoded() =>
        GenTransaction.Sample(
            unsigned =>
            {
                var signed = unsigned.Sign(Key);
                var decoded = Decode(signed.Encoded.ToArray());
                Assert.Equal(signed.Hash, decoded.Hash);
                Assert.Equal(unsigned.SigningHash, decoded.SigningHash);
                Assert.Equal(signed.Encoded.ToArray(), Content(decoded).Sign(Key).Encoded.ToArray());
                Assert.True(decoded.TryRecoverSender(out var sender));
                Assert.Equal(Secp256k1.AddressOf(Key), sender);
            },
            iter: 200,
            seed: "0000KOIPe036");

    [Fact]
    public void No_changed_byte_leaves_the_sender_and_the_hash_as_they_were()
    {
        foreach (var original in OneOfEachType.Select(unsigned => unsigned.Sign(Key)))
        {
            for (var position = 0; position < original.Encoded.Length; position++)
            {
                foreach (var flip in new byte[] { 0x01, 0x80, 0xFF })
                {
                    var changed = original.Encoded.ToArray();
                    changed[position] ^= flip;
                    if (!Transaction.TryDecode(changed, out var transaction, out var error))
                    {
                        Assert.Contains(error.Code, (string[])["transaction-malformed", "signature-invalid", "transaction-type-unsupported"]);
                        continue;
                    }
                    Assert.NotEqual(original.Hash, transaction.Hash);
                    // The encoding is canonical: what was accepted encodes to the bytes it came in.
                    Assert.Equal(changed, Content(transaction).Encode(transaction.Signature));
                    if (transaction.TryRecoverSender(out var sender))
                        Assert.NotEqual(Secp256k1.AddressOf(Key), sender);
                }
            }
        }
    }

    [Fact]
    public void A_truncated_or_longer_transaction_is_refused_at_every_byte()
    {
        foreach (var encoded in OneOfEachType.Select(unsigned => unsigned.Sign(Key).Encoded.ToArray()))
        {
            for (var length = 0; length < encoded.Length; length++)
                AssertRefused("transaction-malformed", encoded[..length]);
            AssertRefused("transaction-malformed", [.. encoded, 0]);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(0)]
    [InlineData(0x7F)]
    [InlineData(0x80)]
    [InlineData(0xBF)]
    public void Other_envelopes_are_refused_by_name(byte type) =>
        AssertRefused("transaction-type-unsupported", [type, .. OneOfEachType[3].Sign(Key).Encoded.Span[1..]]);

    [Fact]
    public void The_limit_on_the_length_is_exact()
    {
        var encoded = OneOfEachType[3].Sign(Key).Encoded;
        Assert.True(Transaction.TryDecode(encoded, out _, out _, maxLength: encoded.Length));
        Assert.False(Transaction.TryDecode(encoded, out _, out var error, maxLength: encoded.Length - 1));
        Assert.Equal("transaction-too-large", error.Code);
    }

    [Fact]
    public void The_upper_half_of_s_is_refused()
    {
        foreach (var unsigned in OneOfEachType)
        {
            var low = unsigned.Sign(Key).Signature;
            var high = new Signature(low.R, Secp256k1.Order - low.S, (byte)(low.YParity ^ 1));
            AssertRefused("signature-invalid", unsigned.Encode(high));
            AssertRefused("signature-invalid", unsigned.Encode(low with { R = UInt256.Zero }));
            AssertRefused("signature-invalid", unsigned.Encode(low with { S = UInt256.Zero }));
            AssertRefused("signature-invalid", unsigned.Encode(low with { R = Secp256k1.Order }));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(26)]
    [InlineData(29)]
    [InlineData(34)]
    public void A_legacy_v_between_the_two_rules_is_refused(byte v)
    {
        var writer = new RlpWriter();
        var list = writer.BeginList();
        foreach (var _ in Enumerable.Range(0, 6))
            writer.Write(UInt256.Zero);
        writer.Write(v);
        writer.Write(UInt256.One);
        writer.Write(UInt256.One);
        writer.EndList(list);
        AssertRefused("signature-invalid", writer.ToArray());
    }

    [Fact]
    public void The_parity_of_a_typed_transaction_is_zero_or_one() =>
        AssertRefused("signature-invalid", OneOfEachType[3].Encode(new Signature(UInt256.One, UInt256.One, 2)));

    [Fact]
    public void The_largest_chain_id_survives_the_legacy_v()
    {
        var unsigned = OneOfEachType[0] with { ChainId = ulong.MaxValue };
        Assert.Equal(ulong.MaxValue, Decode(unsigned.Sign(Key).Encoded.ToArray()).ChainId);
    }

    [Fact]
    public void A_signature_of_nobody_has_no_sender()
    {
        // No point of the curve has x = 5.
        var transaction = Decode(OneOfEachType[0].Encode(new Signature(5, UInt256.One, 0)));
        Assert.False(transaction.TryRecoverSender(out _));
        Assert.False(transaction.TryRecoverSender(out _));
    }

    [Fact]
    public void A_type_that_cannot_say_it_is_not_signed()
    {
        Assert.Throws<ArgumentException>(() => new UnsignedTransaction().Sign(Key));
        Assert.Throws<ArgumentException>(() => (OneOfEachType[2] with { Type = TransactionType.Legacy }).Sign(Key));
        Assert.Throws<ArgumentException>(() => (OneOfEachType[3] with { Type = TransactionType.AccessList }).Sign(Key));
        Assert.Throws<ArgumentException>(() => OneOfEachType[0].Sign(new byte[32]));
    }

    private static readonly Gen<UnsignedTransaction> GenTransaction =
        from type in Gen.Enum<TransactionType>()
        from chainId in Gen.ULong
        from nonce in Gen.ULong
        from fees in Gen.Select(Gen.ULong, Gen.ULong)
        from gasLimit in Gen.ULong
        from to in Gen.Byte.Array[Address.Size].Select(bytes => new Address(bytes)).Nullable()
        from value in Gen.Byte.Array[0, 32].Select(bytes => UInt256.FromBigEndian(bytes))
        from data in Gen.Byte.Array[0, 80]
        from keys in Gen.Byte.Array[Hash256.Size].Select(bytes => new Hash256(bytes)).Array[0, 3]
        select new UnsignedTransaction
        {
            Type = type,
            ChainId = chainId,
            Nonce = nonce,
            MaxPriorityFeePerGas = type == TransactionType.DynamicFee ? fees.Item1 : fees.Item2,
            MaxFeePerGas = fees.Item2,
            GasLimit = gasLimit,
            To = to,
            Value = value,
            Data = data,
            AccessList = type == TransactionType.Legacy ? [] : [new AccessListEntry(Recipient, keys)],
        };

    private static Transaction Decode(byte[] encoded)
    {
        Assert.True(Transaction.TryDecode(encoded, out var transaction, out var error), error?.ToString());
        return transaction;
    }

    private static void AssertRefused(string code, byte[] encoded)
    {
        Assert.False(Transaction.TryDecode(encoded, out _, out var error));
        Assert.Equal(code, error.Code);
    }

    private static UnsignedTransaction Content(Transaction transaction) => new()
    {
        Type = transaction.Type,
        ChainId = transaction.ChainId,
        Nonce = transaction.Nonce,
        MaxPriorityFeePerGas = transaction.MaxPriorityFeePerGas,
        MaxFeePerGas = transaction.MaxFeePerGas,
        GasLimit = transaction.GasLimit,
        To = transaction.To,
        Value = transaction.Value,
        Data = transaction.Data,
        AccessList = transaction.AccessList,
    };
}
