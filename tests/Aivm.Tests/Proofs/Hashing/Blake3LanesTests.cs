using System.Buffers.Binary;
using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Hashing;

/// <summary>Every width of vectors against the plain code.</summary>
[Collection(nameof(FieldSimd))]
public sealed class Blake3LanesTests : IDisposable
{
    private readonly FieldLevel _chosen = FieldSimd.Level;

    public static TheoryData<int> Levels => [.. Enum.GetValues<FieldLevel>().Where(FieldSimd.IsSupported).Select(level => (int)level)];

    public void Dispose() => FieldSimd.Level = _chosen;

    [Theory]
    [MemberData(nameof(Levels))]
    public void Pairs_are_keyed_hashes_of_64_bytes(int level)
    {
        FieldSimd.Level = (FieldLevel)level;
        foreach (var count in (int[])[1, 2, 7, 8, 9, 15, 16, 17, 24, 40, 51])
        {
            var children = Words(16 * count);
            var parents = new uint[8 * count];
            Blake3Lanes.HashPairs(Words(8), children, parents, 0, count);
            for (var i = 0; i < count; i++)
            {
                var expected = new byte[32];
                Blake3.HashKeyed(Bytes(Words(8)), [.. At(children, 2 * i).Span, .. At(children, (2 * i) + 1).Span], expected);
                Assert.Equal(expected, At(parents, i).ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void A_part_of_the_pairs_leaves_the_others_alone(int level)
    {
        FieldSimd.Level = (FieldLevel)level;
        var children = Words(16 * 50);
        var all = new uint[8 * 50];
        Blake3Lanes.HashPairs(Words(8), children, all, 0, 50);
        var part = new uint[8 * 50];
        Blake3Lanes.HashPairs(Words(8), children, part, 3, 37);
        for (var i = 0; i < 50; i++)
            Assert.Equal(i is >= 3 and < 40 ? At(all, i) : default, At(part, i));
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Expansion_is_the_extendable_output_in_its_order(int level)
    {
        FieldSimd.Level = (FieldLevel)level;
        var hasher = new Blake3Hasher(Bytes(Words(8)));
        hasher.Append("message"u8);
        const ulong FirstGroup = 0x0fff_ffff;
        var words = new uint[3 * Blake3Lanes.GroupWords];
        Blake3Lanes.Expand(hasher.Finish(), FirstGroup, words);
        var block = new byte[64];
        for (var i = 0; i < words.Length; i++)
        {
            var (group, word, index) = (i / 256, i % 256 / 16, i % 16);
            hasher.Finish().ReadBlock((16 * (FirstGroup + (ulong)group)) + (ulong)index, block);
            Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(4 * word)), words[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Long_inputs_hash_the_same_whatever_their_pieces(int level)
    {
        foreach (var length in (int[])[8 * 1024, (8 * 1024) + 1, 16 * 1024, (16 * 1024) + 1, (17 * 1024) - 1, 33 * 1024, (40 * 1024) + 5, 100 * 1024])
        {
            var input = Bytes(Words((length + 3) / 4))[..length];
            FieldSimd.Level = FieldLevel.Scalar;
            var (expected, expectedKeyed) = (Blake3.Hash(input), Keyed(input));
            FieldSimd.Level = (FieldLevel)level;
            Assert.Equal(expected, Blake3.Hash(input));
            Assert.Equal(expectedKeyed, Keyed(input));
            foreach (var first in (int[])[1, 64, 1000, 1024, 2048, 5000])
            {
                var hasher = new Blake3Hasher();
                hasher.Append(input.AsSpan(0, first));
                hasher.Append(input.AsSpan(first));
                var hash = new byte[32];
                hasher.Finish().Read(hash);
                Assert.Equal(expected.ToArray(), hash);
            }
        }

        static string Keyed(byte[] input)
        {
            var hash = new byte[32];
            Blake3.HashKeyed(Bytes(Words(8)), input, hash);
            return Hex.Encode(hash);
        }
    }

    /// <summary>Columns of lengths around each boundary of blocks, chunks and subtrees; numbers of columns around those of vectors and tiles.</summary>
    [Theory]
    [MemberData(nameof(Levels))]
    public void Columns_hash_as_salt_and_elements(int level)
    {
        FieldSimd.Level = (FieldLevel)level;
        int[] boundaries = [16, 128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048];
        foreach (var words in boundaries.SelectMany(boundary => (int[])[boundary - 1, boundary, boundary + 1]).Append(9))
            Check(words, columns: words > 600 ? 25 : 43);
        foreach (var columns in (int[])[1, 7, 8, 15, 16, 17, 31, 32, 127, 128, 255, 256, 257, 300])
            Check(words: 40, columns);

        static void Check(int words, int columns)
        {
            var stride = columns + 3;
            var matrix = Words(words * stride);
            CheckLeaves(matrix, words - 8, stride, Words(8 * columns), columns);
            CheckLeaves(matrix, words, stride, [], columns);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void An_empty_matrix_has_leaves_too(int level)
    {
        FieldSimd.Level = (FieldLevel)level;
        CheckLeaves([], 0, 20, Words(8 * 20), 20);
        CheckLeaves([], 0, 20, [], 20);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void A_part_of_the_columns_leaves_the_others_alone(int level)
    {
        FieldSimd.Level = (FieldLevel)level;
        const int Columns = 100;
        var (matrix, salts) = (Words(30 * Columns), Words(8 * Columns));
        var all = new uint[8 * Columns];
        ColumnHasher.Hash(matrix, 30, Columns, salts, all, 0, Columns);
        var part = new uint[8 * Columns];
        ColumnHasher.Hash(matrix, 30, Columns, salts, part, 5, 60);
        for (var i = 0; i < Columns; i++)
            Assert.Equal(i is >= 5 and < 65 ? At(all, i) : default, At(part, i));
    }

    private static void CheckLeaves(uint[] matrix, int rows, int stride, uint[] salts, int columns)
    {
        var leaves = new uint[8 * columns];
        ColumnHasher.Hash(matrix, rows, stride, salts, leaves, 0, columns);
        for (var j = 0; j < columns; j++)
        {
            var column = Enumerable.Range(0, rows).Select(i => matrix[(i * stride) + j]).ToArray();
            byte[] salt = salts.Length == 0 ? [] : At(salts, j).ToArray();
            Assert.Equal(Blake3.Hash([.. salt, .. Bytes(column)]), At(leaves, j));
        }
    }

    private static Hash256 At(uint[] planes, int index) => new Planes(planes, planes.Length / 8).At(index);

    /// <summary>Any words; the same each time.</summary>
    private static uint[] Words(int count) => [.. Enumerable.Range(1, count).Select(i => unchecked((uint)i * 2654435761u))];

    private static byte[] Bytes(uint[] words)
    {
        var bytes = new byte[4 * words.Length];
        Blake3.WriteWords(words, bytes);
        return bytes;
    }
}
