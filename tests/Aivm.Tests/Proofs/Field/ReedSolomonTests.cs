using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Field;

[Collection(nameof(FieldSimd))]
public sealed unsafe class ReedSolomonTests
{
    public static TheoryData<int> Levels => KernelTests.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void A_transform_is_the_values_at_powers_of_a_root_in_the_order_of_reversed_bits(int level) => FieldLevels.At((FieldLevel)level, () =>
    {
        var random = new Random(1);
        for (var bits = 0; bits <= 17; bits++)
        {
            using var data = Elements.RandomBase(random, 1 << bits);
            var coefficients = Enumerable.Range(0, data.Length).Select(i => data[i]).ToArray();
            Ntt.Transform(data.Data, data.Length, 0);
            foreach (var i in bits <= 8 ? [.. Enumerable.Range(0, data.Length)] : Samples(random, data.Length))
                Assert.Equal(Horner(coefficients, Felt.RootOfUnity(bits).Power(Reversed(i, bits))), data[i]);
        }
    });

    [Theory, MemberData(nameof(Levels))]
    public void A_code_word_is_the_messages_values_with_its_tail(int level) => FieldLevels.At((FieldLevel)level, () =>
    {
        var random = new Random(2);
        foreach (var (messageBits, lengthBits, count) in new[]
        {
            (0, 2, 3), (3, 5, 8), (3, 5, 32), (3, 6, 5), (4, 6, 20), (5, 7, 40), (6, 6, 64), (8, 10, 256), (8, 10, 259), (9, 13, 600), (9, 13, 512 + 152), (10, 12, 4000),
            (12, 14, 4096 + 152), (15, 17, (1 << 15) + 152),
        })
        {
            var code = new ReedSolomon(messageBits, lengthBits);
            var (at, codewordAt) = (random.Next(20), random.Next(20));
            using var message = Elements.RandomBase(random, at + count);
            using var codeword = Elements.RandomBase(random, codewordAt + code.Length + 1);
            var after = codeword[code.Length + codewordAt];
            code.Encode(message, at, count, codeword, codewordAt);
            var coefficients = Enumerable.Range(at, count).Select(i => message[i]).ToArray();
            foreach (var i in Samples(random, code.Length))
                Assert.Equal(Horner(coefficients, code.Point(i)), codeword[codewordAt + i]);
            Assert.Equal(after, codeword[code.Length + codewordAt]);
        }
    });

    [Theory, MemberData(nameof(Levels))]
    public void Messages_of_the_extension_and_single_symbols(int level) => FieldLevels.At((FieldLevel)level, () =>
    {
        var random = new Random(3);
        var code = new ReedSolomon(9, 13);
        using var message = Elements.Random(random, 512 + 77);
        using var codeword = new ExtArray(code.Length);
        code.Encode(message, codeword);
        var positions = Samples(random, code.Length);
        var symbols = new Ext4[positions.Length];
        code.EncodeAt(message, positions, symbols);
        for (var i = 0; i < positions.Length; i++)
        {
            var (value, point) = (Ext4.Zero, code.Point(positions[i]));
            for (var k = message.Length - 1; k >= 0; k--)
                value = (value * point) + message[k];
            Assert.Equal(value, codeword[positions[i]]);
            Assert.Equal(value, symbols[i]);
        }
    });

    [Fact]
    public void Points_are_all_different()
    {
        var code = new ReedSolomon(4, 7);
        Assert.Equal(code.Length, Enumerable.Range(0, code.Length).Select(code.Point).Distinct().Count());
    }

    [Fact]
    public void Sizes_outside_of_a_code_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReedSolomon(5, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReedSolomon(5, Ntt.MaxBits + 1));
        var code = new ReedSolomon(4, 6);
        using var message = new FeltArray(65);
        using var codeword = new FeltArray(64);
        Assert.Throws<ArgumentOutOfRangeException>(() => code.Encode(message, 0, 65, codeword, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.Encode(message, 2, 64, codeword, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.Encode(message, 0, 16, codeword, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => code.Point(64));
    }

    private static int[] Samples(Random random, int length) =>
        [0, length - 1, .. Enumerable.Range(0, 16).Select(_ => random.Next(length))];

    private static Felt Horner(Felt[] coefficients, Felt point)
    {
        var value = Felt.Zero;
        for (var k = coefficients.Length - 1; k >= 0; k--)
            value = (value * point) + coefficients[k];
        return value;
    }

    private static uint Reversed(int index, int bits)
    {
        var reversed = 0u;
        for (var bit = 0; bit < bits; bit++)
            reversed |= (uint)((index >> bit) & 1) << (bits - 1 - bit);
        return reversed;
    }
}
