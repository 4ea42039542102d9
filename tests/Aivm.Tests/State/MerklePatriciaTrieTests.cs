using System.Text;
using Aivm.Primitives;
using Aivm.State;
using CsCheck;

namespace Aivm.Tests.State;

public sealed class MerklePatriciaTrieTests
{
    [Fact]
    public void An_empty_trie_has_Ethereums_empty_root() =>
        Assert.Equal("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421", NewTrie().RootHash.ToString());

    /// <summary>From ethereum/tests: TrieTests/trieanyorder.json, trietest.json. "key=" deletes.</summary>
    [Theory]
    [InlineData("0xd23786fb4a010da3ce639d66d5e904a11dbc02746d1ce25029e53290cabf28ab", "A=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("0x8aad789dff2f538bca5d8ea56e8abe10f4c7ba3a5dea95fea4cd6e7c3a1168d3", "doe=reindeer", "dog=puppy", "dogglesworth=cat")]
    [InlineData("0x5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84", "do=verb", "horse=stallion", "doge=coin", "dog=puppy")]
    [InlineData("0x17beaa1648bafa633cda809c90c04af50fc8aed3cb40d16efbddee6fdf63c4c3", "foo=bar", "food=bass")]
    [InlineData("0x3f67c7a47520f79faa29255d2d3c084a7a6df0453116ed7232ff10277a8be68b", "be=e", "dog=puppy", "bed=d")]
    [InlineData("0x8452568af70d8d140f58d941338542f645fcca50094b20f3c3d8c3df49337928", "test=test", "te=testy")]
    [InlineData("0x285505fcabe84badc8aa310e2aae17eddc7d120aabec8a476902c8184b3a3503", "0x0045=0x0123456789", "0x4500=0x9876543210")]
    [InlineData("0x5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84",
        "do=verb", "ether=wookiedoo", "horse=stallion", "shaman=horse", "doge=coin", "ether=", "dog=puppy", "shaman=")]
    [InlineData("0xcb65032e2f76c48b82b5c24b3db8f670ce73982869d38cd39a624f23d62a9e89",
        "key1aa=0123456789012345678901234567890123456789xxx", "key1=0123456789012345678901234567890123456789Very_Long",
        "key2bb=aval3", "key2=short", "key3cc=aval3", "key3=1234567890123456789012345678901")]
    [InlineData("0x9f6221ebb8efe7cff60a716ecb886e67dd042014be444669f0159d8e68b42100",
        "0x0000000000000000000000000000000000000000000000000000000000000045=0x22b224a1420a802ab51d326e29fa98e34c4f24ea",
        "0x0000000000000000000000000000000000000000000000000000000000000046=0x67706c2076330000000000000000000000000000000000000000000000000000",
        "0x0000000000000000000000000000000000000000000000000000001234567890=0x697c7b8c961b56f675d570498424ac8de1a918f6",
        "0x000000000000000000000000697c7b8c961b56f675d570498424ac8de1a918f6=0x1234567890",
        "0x0000000000000000000000007ef9e639e2733cb34e4dfc576d4b23f72db776b2=0x4655474156000000000000000000000000000000000000000000000000000000",
        "0x000000000000000000000000ec4f34c97e43fbb2816cfd95e388353c7181dab1=0x4e616d6552656700000000000000000000000000000000000000000000000000",
        "0x4655474156000000000000000000000000000000000000000000000000000000=0x7ef9e639e2733cb34e4dfc576d4b23f72db776b2",
        "0x4e616d6552656700000000000000000000000000000000000000000000000000=0xec4f34c97e43fbb2816cfd95e388353c7181dab1",
        "0x0000000000000000000000000000000000000000000000000000001234567890=",
        "0x000000000000000000000000697c7b8c961b56f675d570498424ac8de1a918f6=0x6f6f6f6820736f2067726561742c207265616c6c6c793f000000000000000000",
        "0x6f6f6f6820736f2067726561742c207265616c6c6c793f000000000000000000=0x697c7b8c961b56f675d570498424ac8de1a918f6")]
    public void Published_roots(string root, params string[] pairs)
    {
        var trie = NewTrie();
        foreach (var pair in pairs)
            trie.Set(Part(pair, 0), Part(pair, 1));
        Assert.Equal(root, trie.RootHash.ToString());
    }

    /// <summary>Ropsten's first accounts: the addresses 0 to 9 with one wei, 10 to 255 with nothing (before EIP-161), one rich one.</summary>
    [Fact]
    public void Ropstens_genesis_has_its_published_state_root()
    {
        var trie = NewTrie();
        for (var i = 0; i < 256; i++)
        {
            var address = new byte[Address.Size];
            address[^1] = (byte)i;
            trie.Set(Keccak.Hash(address).Span, (Account.New with { Balance = i < 10 ? 1ul : 0 }).Encode());
        }
        var rich = Keccak.Hash(Address.Parse("0x874b54a8bd152966d63f706bae1ffeb0411921e5").Span);
        trie.Set(rich.Span, (Account.New with { Balance = UInt256.Parse("1000000000000000000000000000000") }).Encode());
        Assert.Equal("0x217b0bbcfb72e2d57e28f33cb361b9983513177755dc3f33ce3e7022ed62b77b", trie.RootHash.ToString());
    }

    /// <summary>Keys that collide in long prefixes and end within each other.</summary>
    private static readonly Gen<byte[]> Keys = Gen.Int[0, 4].Select(i => new byte[] { 0x00, 0x01, 0x10, 0x11, 0xFF }[i]).Array[0, 5];

    /// <summary>Empty values, which delete, and values on both sides of the limit for inline nodes.</summary>
    private static readonly Gen<(byte[] Key, byte[] Value)[]> Changes =
        Gen.Select(Keys, Gen.OneOf(Gen.Byte[1, 255].Array[0, 3], Gen.Byte.Array[20, 60])).Array[0, 60];

    [Fact]
    public void It_holds_what_a_dictionary_holds_and_has_the_root_of_the_Yellow_Paper() => Changes.Sample(changes =>
    {
        var trie = NewTrie();
        var model = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, value) in changes)
        {
            trie.Set(key, value);
            SetModel(model, key, value);
        }
        Assert.Equal(ReferenceTrie.Root(Pairs(model)), trie.RootHash);
        foreach (var (key, _) in changes)
            Assert.Equal(model.GetValueOrDefault(Convert.ToHexString(key)), trie.Get(key));
    }, iter: 300, threads: 1, seed: "0000000000002");

    [Fact]
    public void Commits_between_changes_alter_nothing_and_earlier_roots_stay_readable() =>
        Changes.Array[1, 5].Sample(rounds =>
        {
            var nodes = new DictionaryNodes();
            var trie = new MerklePatriciaTrie(nodes, MerklePatriciaTrie.EmptyRoot);
            var model = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
            List<(Hash256 Root, KeyValuePair<byte[], byte[]>[] Content)> history = [];
            foreach (var changes in rounds)
            {
                foreach (var (key, value) in changes)
                {
                    trie.Set(key, value);
                    SetModel(model, key, value);
                }
                Assert.Equal(trie.RootHash, trie.Commit(nodes));
                history.Add((trie.RootHash, [.. Pairs(model)]));
            }
            foreach (var (root, content) in history)
            {
                Assert.Equal(ReferenceTrie.Root(content), root);
                Assert.Equal(content, new MerklePatriciaTrie(nodes, root).Enumerate());
            }
        }, iter: 100, threads: 1, seed: "0000000000003");

    [Fact]
    public void The_root_does_not_depend_on_the_order_of_changes() =>
        Gen.Select(Gen.Byte.Array[32].Array[1, 200], Gen.Int).Sample((keys, seed) =>
        {
            var forward = NewTrie();
            foreach (var key in keys)
                forward.Set(key, key);
            var shuffled = NewTrie();
            new Random(seed).Shuffle(keys);
            foreach (var key in keys)
                shuffled.Set(key, key);
            return forward.RootHash == shuffled.RootHash;
        }, iter: 20, threads: 1, seed: "0000000000004");

    [Fact]
    public void Deleting_everything_leads_back_to_the_empty_root() => Changes.Sample(changes =>
    {
        var nodes = new DictionaryNodes();
        var trie = new MerklePatriciaTrie(nodes, MerklePatriciaTrie.EmptyRoot);
        foreach (var (key, value) in changes)
            trie.Set(key, value);
        trie.Commit(nodes);
        foreach (var (key, _) in changes)
            trie.Delete(key);
        return trie.Commit(nodes) == MerklePatriciaTrie.EmptyRoot;
    }, iter: 100, threads: 1, seed: "0000000000005");

    [Fact]
    public void Proofs_of_keys_and_of_their_absence_verify() =>
        Gen.Select(Changes, Keys.Array[5]).Sample((changes, others) =>
        {
            var nodes = new DictionaryNodes();
            var trie = new MerklePatriciaTrie(nodes, MerklePatriciaTrie.EmptyRoot);
            foreach (var (key, value) in changes)
                trie.Set(key, value);
            var root = trie.Commit(nodes);
            foreach (var key in changes.Select(change => change.Key).Concat(others))
            {
                Assert.True(MerkleProof.TryVerify(root, key, trie.GetProof(key), out var value, out var error), error?.ToString());
                Assert.Equal(trie.Get(key), value);
            }
        }, iter: 100, threads: 1, seed: "0000000000006");

    [Fact]
    public void An_empty_trie_proves_absence_with_no_nodes() => Assert.Empty(NewTrie().GetProof([1, 2]));

    [Fact]
    public void Proofs_need_a_commit()
    {
        var trie = NewTrie();
        trie.Set([1], [1]);
        Assert.Throws<InvalidOperationException>(() => trie.GetProof([1]));
        Assert.Throws<InvalidOperationException>(() => trie.Enumerate().Any());
    }

    [Fact]
    public void Reading_and_rewriting_the_same_value_adds_no_new_nodes()
    {
        var (nodes, root) = Sample();
        var before = nodes.Nodes.Count;
        var trie = new MerklePatriciaTrie(nodes, root);
        trie.Set(KeyOf(7), ValueOf(7));
        trie.Delete([0xEE]);
        Assert.Equal(root, trie.Commit(nodes));
        Assert.Equal(before, nodes.Nodes.Count);
    }

    [Fact]
    public void A_key_beyond_the_limit_is_refused() =>
        Assert.Throws<ArgumentException>(() => NewTrie().Set(new byte[MerklePatriciaTrie.MaxKeyLength + 1], [1]));

    [Fact]
    public void Keys_of_the_greatest_length_work()
    {
        var nodes = new DictionaryNodes();
        var trie = new MerklePatriciaTrie(nodes, MerklePatriciaTrie.EmptyRoot);
        var keys = Enumerable.Range(0, MerklePatriciaTrie.MaxKeyLength + 1).Select(length => new byte[length]).ToArray();
        foreach (var key in keys)
            trie.Set(key, [(byte)(key.Length + 1)]);
        trie.Commit(nodes);
        Assert.Equal(keys, trie.Enumerate().Select(pair => pair.Key));
    }

    [Fact]
    public void A_missing_node_is_a_named_error()
    {
        var (nodes, root) = Sample();
        foreach (var hash in nodes.Nodes.Keys.ToArray())
        {
            var node = nodes.Nodes[hash];
            nodes.Nodes.Remove(hash);
            AssertCorrupt(nodes, root);
            nodes.Nodes.Add(hash, node);
        }
    }

    [Fact]
    public void Nodes_that_are_garbled_in_any_way_are_named_errors_or_other_content_but_never_a_crash()
    {
        var (nodes, root) = Sample();
        var random = new Random(11);
        foreach (var hash in nodes.Nodes.Keys.ToArray())
        {
            var node = nodes.Nodes[hash];
            for (var i = 0; i < 100; i++)
            {
                var garbled = node.ToArray();
                garbled[random.Next(garbled.Length)] ^= (byte)(1 << random.Next(8));
                nodes.Nodes[hash] = random.Next(4) == 0 ? garbled[..random.Next(garbled.Length)] : garbled;
                Use(nodes, root);
            }
            nodes.Nodes[hash] = node;
        }

        static void Use(DictionaryNodes nodes, Hash256 root)
        {
            try
            {
                var trie = new MerklePatriciaTrie(nodes, root);
                foreach (var _ in trie.Enumerate())
                {
                }
                for (var i = 0; i < 100; i++)
                {
                    trie.Get(KeyOf(i));
                    trie.Delete(KeyOf(i));
                }
            }
            catch (AivmException exception)
            {
                Assert.Equal("store-corrupt", exception.Error.Code);
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("c0")]
    [InlineData("c120")]
    [InlineData("c22080")] // a leaf without a value
    [InlineData("c3208001")] // three items
    [InlineData("c2008011")] // bytes after the node
    [InlineData("c20080")] // an extension that leads nowhere
    [InlineData("c24001")] // unknown flags in the path
    [InlineData("c22101")] // the padding nibble of an even path is not zero
    [InlineData("c482000101")] // an extension whose child is neither hash nor node
    public void A_node_that_no_trie_writes_is_corrupt(string node)
    {
        var nodes = new DictionaryNodes();
        var root = Keccak.Hash([1]);
        nodes.AddNode(root, Convert.FromHexString(node));
        AssertCorrupt(nodes, root);
    }

    private static void AssertCorrupt(DictionaryNodes nodes, Hash256 root)
    {
        var exception = Assert.Throws<AivmException>(() => new MerklePatriciaTrie(nodes, root).Enumerate().Count());
        Assert.Equal("store-corrupt", exception.Error.Code);
    }

    /// <summary>A hundred keys of 32 bytes with values of many lengths.</summary>
    private static (DictionaryNodes Nodes, Hash256 Root) Sample()
    {
        var nodes = new DictionaryNodes();
        var trie = new MerklePatriciaTrie(nodes, MerklePatriciaTrie.EmptyRoot);
        for (var i = 0; i < 100; i++)
            trie.Set(KeyOf(i), ValueOf(i));
        return (nodes, trie.Commit(nodes));
    }

    private static byte[] KeyOf(int i) => Keccak.Hash([(byte)i]).ToArray();

    private static byte[] ValueOf(int i) => [.. Enumerable.Repeat((byte)(i + 1), i + 1)];

    private static void SetModel(SortedDictionary<string, byte[]> model, byte[] key, byte[] value)
    {
        if (value.Length == 0)
            model.Remove(Convert.ToHexString(key));
        else
            model[Convert.ToHexString(key)] = value;
    }

    private static IEnumerable<KeyValuePair<byte[], byte[]>> Pairs(SortedDictionary<string, byte[]> model) =>
        model.Select(pair => new KeyValuePair<byte[], byte[]>(Convert.FromHexString(pair.Key), pair.Value));

    private static byte[] Part(string pair, int index)
    {
        var text = pair.Split('=')[index];
        return text.StartsWith("0x", StringComparison.Ordinal) ? Hex.Decode(text) : Encoding.ASCII.GetBytes(text);
    }

    private static MerklePatriciaTrie NewTrie() => new(new DictionaryNodes(), MerklePatriciaTrie.EmptyRoot);
}
