using System.Text;
using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

/// <summary>
/// Mutations of valid documents, a few thousand for each decoder from a fixed seed; AIVM_FUZZ_COUNT and AIVM_FUZZ_SEED enlarge the
/// campaign. A decoder throws nothing, names its refusals, and accepts only what its encoder writes.
/// </summary>
public sealed class DecoderFuzzTests
{
    private static readonly int Count = Setting("AIVM_FUZZ_COUNT", 3_000);
    private static readonly int Seed = Setting("AIVM_FUZZ_SEED", 1);

    private static readonly byte[][] Transactions = Encoded(Fixtures.Read("transactions.json").GetProperty("transactions"), "raw");
    private static readonly byte[][] Headers = Encoded(Fixtures.Read("blocks.json").GetProperty("headers"), "encoded");
    private static readonly byte[][] Receipts = Encoded(Fixtures.Read("blocks.json").GetProperty("receipts"), "encoded");
    private static readonly byte[][] Blocks = [Hex.Decode(Fixtures.Read("blocks.json").GetProperty("block").GetString()!)];

    [Fact]
    public void Transactions_survive_mutation() => Fuzz(Transactions, input =>
    {
        if (!Transaction.TryDecode(input, out var transaction, out var error))
            return Named(error);
        transaction.TryRecoverSender(out _);
        var rebuilt = new UnsignedTransaction
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
        return rebuilt.Encode(transaction.Signature).AsSpan().SequenceEqual(input) && transaction.SigningHash == rebuilt.SigningHash;
    });

    [Fact]
    public void Blocks_survive_mutation() => Fuzz(Blocks, input =>
        Block.TryDecode(input, out var block, out var error) ? block.Encode().AsSpan().SequenceEqual(input) : Named(error));

    [Fact]
    public void Headers_survive_mutation() => Fuzz(Headers, input =>
        BlockHeader.TryDecode(input, out var header, out var error)
            ? header.Encode().AsSpan().SequenceEqual(input) && header.Hash == Keccak.Hash(input)
            : Named(error));

    [Fact]
    public void Receipts_survive_mutation() => Fuzz(Receipts, input =>
        Receipt.TryDecode(input, out var receipt, out var error) ? receipt.Encode().AsSpan().SequenceEqual(input) : Named(error));

    [Fact]
    public void Rlp_survives_mutation() => Fuzz([.. Transactions, .. Headers, .. Receipts, .. Blocks], input =>
    {
        var writer = new RlpWriter(capacity: 0);
        return !TryCopy(new RlpReader(input), writer, depth: 16) || writer.Written.SequenceEqual(input);
    });

    [Fact]
    public void Abi_data_survives_mutation() => Fuzz([Abi(0), Abi(1), Abi(5)], input =>
    {
        var reader = new AbiReader(input);
        if (!reader.TryReadHash(out var hash)
            || !reader.TryReadString(out var name)
            || !reader.TryReadInt64Array(64, out var numbers)
            || !reader.TryEnterArray(out var count))
            return true;
        var writer = new AbiWriter(5).WriteHash(hash).WriteString(name).WriteInt64Array(numbers).BeginArray(count);
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryEnterTuple()
                || !reader.TryReadUInt64(out var id)
                || !reader.TryReadAddress(out var who)
                || !reader.TryReadBytes(out var data)
                || !reader.TryLeave())
                return true;
            writer.BeginTuple(3).WriteUInt(id).WriteAddress(who).WriteBytes(data).End();
        }
        return !reader.TryLeave()
            || !reader.TryReadBool(out var flag)
            || !reader.TryEnd()
            || writer.End().WriteBool(flag).ToArray().AsSpan().SequenceEqual(input);
    });

    [Fact]
    public void Merkle_proofs_survive_mutation()
    {
        var trie = Fixtures.Read("proofs.json").GetProperty("tries").EnumerateArray().Last();
        var root = Hash256.Parse(trie.Text("root"));
        foreach (var proof in trie.GetProperty("proofs").EnumerateArray())
        {
            var key = Hex.Decode(proof.Text("key"));
            var nodes = proof.Texts("proof").Select(node => Hex.Decode(node)).ToArray();
            for (var broken = 0; broken < nodes.Length; broken++)
            {
                Fuzz([nodes[broken]], input =>
                {
                    // As the root of its own trie the node gets past the hash check; its claim may differ but nothing may break.
                    MerkleProof.TryVerify(Keccak.Hash(input), key, [input], out _, out _);
                    var changed = nodes.Select((node, i) => i == broken ? input : node).ToArray();
                    return input.AsSpan().SequenceEqual(nodes[broken]) || !MerkleProof.TryVerify(root, key, changed, out _, out _);
                }, Count / 20);
            }
        }
    }

    [Fact]
    public void Text_survives_mutation() => Fuzz(
        [.. ((string[])["(uint64,(address,bytes32[4])[],string)[2]", "uint256[3][]", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", UInt256.MaxValue.ToString()])
            .Select(Encoding.Latin1.GetBytes)],
        input =>
        {
            var text = Encoding.Latin1.GetString(input);
            var stable = !AbiType.TryParse(text, out var type) || AbiType.Parse(type!.Name).Equals(type);
            stable &= !UInt256.TryParse(text, out var number) || UInt256.Parse(number.ToString()) == number;
            stable &= !Address.TryParseChecked(text, out var address) || Address.Parse(address.ToChecksumString()) == address;
            return stable && (!Hex.TryDecode(text, out var bytes) || Hex.Decode(Hex.Encode(bytes)).AsSpan().SequenceEqual(bytes));
        });

    private static void Fuzz(byte[][] corpus, Func<byte[], bool> holds, int? count = null)
    {
        var random = new Random(Seed);
        for (var i = 0; i < (count ?? Count); i++)
        {
            var input = Mutate(corpus, random);
            bool held;
            try
            {
                held = holds(input);
            }
            catch (Exception thrown)
            {
                throw new InvalidOperationException($"Input {i} of seed {Seed} throws: {Hex.Encode(input)}", thrown);
            }
            Assert.True(held, $"Input {i} of seed {Seed} is accepted, but is not what the encoder writes, or its refusal has no name: {Hex.Encode(input)}");
        }
    }

    private static byte[] Mutate(byte[][] corpus, Random random)
    {
        var bytes = corpus[random.Next(corpus.Length)].ToList();
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(bytes.Count - at, 1 + random.Next(40));
            switch (random.Next(7))
            {
                case 0 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1 when at < bytes.Count: bytes[at] = Interesting(random); break;
                case 2 when at < bytes.Count: bytes[at] = unchecked((byte)(bytes[at] + random.Next(-2, 3))); break;
                case 3: bytes.Insert(at, Interesting(random)); break;
                case 4: bytes.RemoveRange(at, length); break;
                case 5: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                default:
                    var other = corpus[random.Next(corpus.Length)];
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 1 + random.Next(40))).ToArray());
                    break;
            }
        }
        return [.. bytes];
    }

    private static byte Interesting(Random random) =>
        ((byte[])[0x00, 0x01, 0x1F, 0x20, 0x7F, 0x80, 0x81, 0x94, 0xA0, 0xB7, 0xB8, 0xB9, 0xBF, 0xC0, 0xC1, 0xF7, 0xF8, 0xFF])[random.Next(18)];

    private static bool TryCopy(RlpReader reader, RlpWriter writer, int depth)
    {
        while (!reader.End)
        {
            if (reader.TryReadBytes(out var bytes))
            {
                writer.Write(bytes);
                continue;
            }
            if (depth == 0 || !reader.TryReadList(out var items))
                return false;
            var list = writer.BeginList();
            if (!TryCopy(items, writer, depth - 1))
                return false;
            writer.EndList(list);
        }
        return true;
    }

    private static byte[] Abi(int entries)
    {
        var writer = new AbiWriter(5).WriteHash(Keccak.Hash([])).WriteString("künstlich").WriteInt64Array([1, -1, long.MinValue]).BeginArray(entries);
        for (var i = 0; i < entries; i++)
            writer.BeginTuple(3).WriteUInt((ulong)i).WriteAddress(Address.Zero).WriteBytes(new byte[16 * i]).End();
        return writer.End().WriteBool(true).ToArray();
    }

    private static bool Named(Error error) => error.Code.Length > 0 && error.Message.Length > 0;

    private static byte[][] Encoded(System.Text.Json.JsonElement list, string name) =>
        [.. list.EnumerateArray().Select(item => Hex.Decode(item.Text(name)))];

    private static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : otherwise;
}
