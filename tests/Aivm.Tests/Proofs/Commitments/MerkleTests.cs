using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Commitments;

public class MerkleTests
{
    private const int Depth = 6;

    private static readonly int[] Positions = [0, 1, 2, 7, 30, 31, 32, 33, 34, 35, 50, 63];

    /// <summary>The tree written once more from its documentation, one node at a time.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    [InlineData(9)]
    public void The_root_is_the_documented_one(int depth)
    {
        var level = Enumerable.Range(0, 1 << depth).Select(Leaf).ToArray();
        while (level.Length > 1)
            level = [.. level.Chunk(2).Select(pair => Node(pair[0], pair[1]))];
        Assert.Equal(level[0], Tree(depth).Root);

        static Hash256 Node(Hash256 left, Hash256 right)
        {
            var hash = new byte[32];
            Blake3.HashKeyed(Blake3.Hash("AIVM Merkle node"u8).Span, [.. left.Span, .. right.Span], hash);
            return new Hash256(hash);
        }
    }

    [Fact]
    public void A_large_tree_hashed_by_threads_opens()
    {
        const int LargeDepth = 14;
        var tree = Tree(LargeDepth);
        foreach (var position in (int[])[0, 2047, 2048, 9999, (1 << LargeDepth) - 1])
            Assert.True(Verify(tree.Root, LargeDepth, [position], Open(tree, [position])));
    }

    [Fact]
    public void Any_set_of_leaves_opens()
    {
        var tree = Tree(4);
        for (var set = 1; set < 1 << 16; set += 7)
        {
            int[] positions = [.. Enumerable.Range(0, 16).Where(i => (set >> i & 1) != 0)];
            Assert.True(Verify(tree.Root, 4, positions, Open(tree, positions)));
        }
    }

    [Fact]
    public void All_leaves_need_no_node_and_a_single_leaf_one_a_level()
    {
        Assert.Empty(Open(Tree(Depth), [.. Enumerable.Range(0, 1 << Depth)]));
        Assert.Equal(32 * Depth, Open(Tree(Depth), [17]).Length);
        Assert.True(Verify(Tree(0).Root, 0, [0], []));
    }

    [Fact]
    public void Every_flipped_bit_is_refused()
    {
        var opening = Open(Tree(Depth), Positions);
        for (var bit = 0; bit < 8 * opening.Length; bit++)
        {
            var flipped = opening.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefused("proof-rejected", Positions, flipped);
        }
    }

    [Fact]
    public void Another_leaf_root_or_position_is_refused()
    {
        var tree = Tree(Depth);
        var opening = Open(tree, Positions);
        for (var i = 0; i < Positions.Length; i++)
        {
            var leaves = Leaves(Positions);
            leaves[(3 * Positions.Length) + i] ^= 1;
            var reader = new ProofReader(opening);
            Assert.False(MerkleOpening.TryVerify(tree.Root, Depth, Positions, leaves, reader));
            Assert.Equal("proof-rejected", reader.Error!.Code);
        }
        Assert.False(Verify(Tree(Depth - 1).Root, Depth, Positions, opening));
        Assert.False(Verify(default, Depth, Positions, opening));

        // The leaf of one position, claimed for another of the same shape.
        var single = Open(tree, [17]);
        var claimed = new ProofReader(single);
        Assert.False(MerkleOpening.TryVerify(tree.Root, Depth, [16], Leaves([17]), claimed));
    }

    [Fact]
    public void Dropped_repeated_added_and_reordered_nodes_are_refused()
    {
        var opening = Open(Tree(Depth), Positions);
        var nodes = opening.Chunk(32).ToArray();
        for (var i = 0; i < nodes.Length; i++)
        {
            AssertRefused("proof-truncated", Positions, Join([.. nodes[..i], .. nodes[(i + 1)..]]));
            var repeated = Verify(Tree(Depth).Root, Depth, Positions, Join([.. nodes[..i], nodes[i], .. nodes[i..]]));
            Assert.False(repeated);
            for (var j = 0; j < i; j++)
            {
                var swapped = nodes.ToArray();
                (swapped[i], swapped[j]) = (swapped[j], swapped[i]);
                AssertRefused("proof-rejected", Positions, Join(swapped));
            }
        }
        AssertRefused("proof-trailing", Positions, Join([.. nodes, nodes[0]]));

        static byte[] Join(byte[][] nodes) => [.. nodes.SelectMany(node => node)];
    }

    [Fact]
    public void An_opening_cut_at_any_byte_is_refused()
    {
        var opening = Open(Tree(Depth), Positions);
        for (var length = 0; length < opening.Length; length++)
            AssertRefused("proof-truncated", Positions, opening[..length]);
    }

    /// <summary>A node of the tree is no leaf: its hash has a key.</summary>
    [Fact]
    public void A_shorter_tree_with_nodes_for_leaves_has_another_definition()
    {
        var (left, right) = (Leaf(0), Leaf(1));
        Assert.NotEqual(Blake3.Hash([.. left.Span, .. right.Span]), Tree(1).Root);
    }

    [Theory]
    [InlineData()]
    [InlineData(3, 3)]
    [InlineData(4, 3)]
    [InlineData(-1)]
    [InlineData(64)]
    public void Positions_that_are_no_set_are_a_callers_error(params int[] positions)
    {
        Assert.Throws<ArgumentException>(() => Open(Tree(Depth), positions));
        Assert.Throws<ArgumentException>(() => Verify(default, Depth, positions, []));
    }

    private static void AssertRefused(string code, int[] positions, byte[] opening)
    {
        var reader = new ProofReader(opening);
        Assert.False(MerkleOpening.TryVerify(Tree(Depth).Root, Depth, positions, Leaves(positions), reader) && reader.TryFinish());
        Assert.Equal(code, reader.Error!.Code);
    }

    private static bool Verify(Hash256 root, int depth, int[] positions, byte[] opening)
    {
        var reader = new ProofReader(opening);
        return MerkleOpening.TryVerify(root, depth, positions, Leaves(positions), reader) && reader.TryFinish();
    }

    private static byte[] Open(MerkleTree tree, int[] positions)
    {
        var writer = new ProofWriter();
        tree.WriteOpening(positions, writer);
        return writer.ToArray();
    }

    private static MerkleTree Tree(int depth) => new(Leaves([.. Enumerable.Range(0, 1 << depth)]), depth);

    private static uint[] Leaves(int[] positions)
    {
        var planes = new uint[8 * positions.Length];
        for (var i = 0; i < positions.Length; i++)
            new Planes(planes, positions.Length).Read(Leaf(positions[i]).Span, i);
        return planes;
    }

    private static Hash256 Leaf(int position) => Blake3.Hash(BitConverter.GetBytes(position));
}
