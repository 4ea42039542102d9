using System.Text;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.State;

public sealed class MerklePatriciaTrieTests
{
    [Fact]
    public void An_empty_trie_has_Ethereums_empty_root() =>
        Assert.Equal("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421", NewTrie().RootHash.ToString());

    /// <summary>From ethereum/tests, TrieTests/trieanyorder.json and hex_encoded_securetrie_test.json.</summary>
    [Theory]
    [InlineData("0xd23786fb4a010da3ce639d66d5e904a11dbc02746d1ce25029e53290cabf28ab", "A=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("0x8aad789dff2f538bca5d8ea56e8abe10f4c7ba3a5dea95fea4cd6e7c3a1168d3", "doe=reindeer", "dog=puppy", "dogglesworth=cat")]
    [InlineData("0x5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84", "do=verb", "horse=stallion", "doge=coin", "dog=puppy")]
    [InlineData("0x17beaa1648bafa633cda809c90c04af50fc8aed3cb40d16efbddee6fdf63c4c3", "foo=bar", "food=bass")]
    [InlineData("0x3f67c7a47520f79faa29255d2d3c084a7a6df0453116ed7232ff10277a8be68b", "be=e", "dog=puppy", "bed=d")]
    [InlineData("0x8452568af70d8d140f58d941338542f645fcca50094b20f3c3d8c3df49337928", "test=test", "te=testy")]
    [InlineData("0x285505fcabe84badc8aa310e2aae17eddc7d120aabec8a476902c8184b3a3503", "0x0045=0x0123456789", "0x4500=0x9876543210")]
    public void Published_roots(string root, params string[] pairs)
    {
        var trie = NewTrie();
        foreach (var pair in pairs)
            trie.Set(Part(pair, 0), Part(pair, 1));
        Assert.Equal(root, trie.RootHash.ToString());
    }

    private static byte[] Part(string pair, int index)
    {
        var text = pair.Split('=')[index];
        return text.StartsWith("0x", StringComparison.Ordinal) ? Hex.Decode(text) : Encoding.ASCII.GetBytes(text);
    }

    private static MerklePatriciaTrie NewTrie() => new(new DictionaryNodes(), MerklePatriciaTrie.EmptyRoot);
}
