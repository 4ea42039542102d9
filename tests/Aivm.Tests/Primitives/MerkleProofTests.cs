using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

public sealed class MerkleProofTests
{
    private static readonly Hash256 Key = Keccak.Hash([1]);

    [Fact]
    public void Proofs_of_ethereumjs_prove_what_is_there_and_what_is_not()
    {
        foreach (var (root, key, proof, expected) in Proofs())
        {
            Assert.True(MerkleProof.TryVerify(root, key, proof, out var value, out var error), error?.ToString());
            Assert.Equal(expected, value);
        }
    }

    [Fact]
    public void No_changed_byte_of_a_proof_is_accepted()
    {
        foreach (var (root, key, proof, _) in Proofs().Where((_, index) => index % 7 == 0))
        {
            foreach (var node in proof)
            {
                for (var position = 0; position < node.Length; position += 3)
                {
                    node[position] ^= 1;
                    AssertInvalid(root, key, proof);
                    node[position] ^= 1;
                }
            }
        }
    }

    [Fact]
    public void A_proof_has_no_node_too_few_and_none_too_many()
    {
        foreach (var (root, key, proof, _) in Proofs())
        {
            AssertInvalid(root, key, [.. proof, [0x80]]);
            if (proof.Length > 0)
            {
                AssertInvalid(root, key, proof[..^1]);
                AssertInvalid(root, key, [.. proof, proof[^1]]);
                AssertInvalid(Key, key, proof);
            }
        }
    }

    [Fact]
    public void An_absence_is_not_proven_by_hiding_the_rest_of_the_way()
    {
        foreach (var (root, key, proof, _) in Proofs().Where(entry => entry.Value is not null && entry.Proof.Length > 1))
            AssertInvalid(root, key, proof[..1]);
    }

    [Fact]
    public void Nodes_that_hash_right_but_are_not_canonical_are_refused()
    {
        byte[] wholePath = [0x20, .. Key.Span];
        AssertValid(Leaf(wholePath));
        AssertRootRefused(Leaf([0x2F, .. Key.Span]));                        // padding that is not zero
        AssertRootRefused(Leaf([0x40, .. Key.Span]));                        // flags that do not exist
        AssertRootRefused(Leaf([]));                                         // no flags
        AssertRootRefused(List(Item(wholePath), Item([])));                  // a leaf without a value
        AssertRootRefused(List(Item([0x00]), Item(new byte[32])));           // an extension by nothing
        AssertRootRefused(List(Item([0x11]), Item([])));                     // an extension to nothing
        AssertRootRefused(List(Item([0x11]), Item(new byte[31])));           // a reference of another length
        AssertRootRefused(List(Item(wholePath)));                            // one item
        AssertRootRefused(List(Item(wholePath), Item([1]), Item([1])));      // three items
        AssertRootRefused(Branch(occupied: 0, value: [1]));                  // a branch for one
        AssertRootRefused(Branch(occupied: 1, value: []));
        AssertRootRefused([.. Leaf(wholePath), 0]);                          // more than one node
        AssertRootRefused([0x80]);
        AssertRootRefused([]);
        // An extension that leads to a leaf: one leaf with the longer path is the canonical form.
        AssertRootRefused(List(Item([(byte)(0x10 | (Key.Span[0] >> 4))]), Leaf([0x30, 1, 2])));
    }

    [Fact]
    public void A_node_that_nests_itself_deep_is_refused_without_recursion()
    {
        var node = Leaf([0x30, 1]);
        for (var depth = 0; depth < 10_000; depth++)
            node = List(Item([0x11]), node);
        AssertRootRefused(node);
    }

    private static void AssertValid(byte[] node) => Assert.True(MerkleProof.TryVerify(Keccak.Hash(node), Key.Span, [node], out _, out _));

    private static void AssertRootRefused(byte[] node) => AssertInvalid(Keccak.Hash(node), Key.Span, [node]);

    private static void AssertInvalid(Hash256 root, ReadOnlySpan<byte> key, byte[][] proof)
    {
        Assert.False(MerkleProof.TryVerify(root, key, proof, out var value, out var error));
        Assert.Null(value);
        Assert.Equal("proof-invalid", error.Code);
    }

    private static byte[] Leaf(byte[] path) => List(Item(path), Item([1, 2, 3]));

    private static byte[] Branch(int occupied, byte[] value) =>
        List([.. Enumerable.Range(0, 16).Select(nibble => nibble < occupied ? Item(new byte[32]) : Item([])), Item(value)]);

    private static byte[] Item(byte[] bytes)
    {
        var writer = new RlpWriter();
        writer.Write(bytes);
        return writer.ToArray();
    }

    private static byte[] List(params byte[][] items)
    {
        var writer = new RlpWriter();
        var list = writer.BeginList();
        foreach (var item in items)
            writer.WriteRaw(item);
        writer.EndList(list);
        return writer.ToArray();
    }

    private static IEnumerable<(Hash256 Root, byte[] Key, byte[][] Proof, byte[]? Value)> Proofs() =>
        from trie in Fixtures.Read("proofs.json").GetProperty("tries").EnumerateArray()
        from proof in trie.GetProperty("proofs").EnumerateArray()
        select (
            Hash256.Parse(trie.Text("root")),
            Hex.Decode(proof.Text("key")),
            proof.Texts("proof").Select(node => Hex.Decode(node)).ToArray(),
            proof.GetProperty("value").ValueKind == JsonValueKind.Null ? null : Hex.Decode(proof.Text("value")));
}
