using System.Numerics;
using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

/// <summary>The field of secp256k1 against BigInteger, mostly where carries and the last reduction matter.</summary>
public sealed class FieldElementTests
{
    private static readonly BigInteger Prime = BigInteger.Pow(2, 256) - BigInteger.Pow(2, 32) - 977;

    [Fact]
    public void Arithmetic_is_that_of_integers_modulo_p()
    {
        foreach (var a in Numbers())
        {
            Assert.Equal(Mod(-a), Value(-Element(a)));
            Assert.Equal(Mod(a * a), Value(Element(a).Square()));
            Assert.Equal(Mod(a + a), Value(Element(a).Double()));
            foreach (var b in Numbers())
            {
                Assert.Equal(Mod(a + b), Value(Element(a) + Element(b)));
                Assert.Equal(Mod(a - b), Value(Element(a) - Element(b)));
                Assert.Equal(Mod(a * b), Value(Element(a) * Element(b)));
            }
        }
    }

    [Fact]
    public void Inverses_and_roots_are_what_their_names_say()
    {
        foreach (var a in Numbers())
        {
            var element = Element(a);
            Assert.Equal(a.IsZero ? 0 : 1, Value(element * element.Invert()));
            Assert.True(element.Square().TrySquareRoot(out var root));
            Assert.True(root.Equals(element) || root.Equals(-element));
            // -1 is no square where p is 3 modulo 4, so a number and its negative are not both squares.
            if (!a.IsZero)
                Assert.NotEqual(element.TrySquareRoot(out _), (-element).TrySquareRoot(out _));
        }
    }

    [Fact]
    public void Numbers_from_p_on_are_no_elements()
    {
        Assert.True(FieldElement.TryCreate(Word(Prime - 1), out _));
        Assert.False(FieldElement.TryCreate(Word(Prime), out _));
        Assert.False(FieldElement.TryCreate(UInt256.MaxValue, out _));
    }

    /// <summary>All sums and differences of limbs that are full, empty or at the fold of p, and seeded ones.</summary>
    private static IEnumerable<BigInteger> Numbers()
    {
        BigInteger[] limbs = [0, 1, 0x1_0000_03D0, 0x1_0000_03D1, ulong.MaxValue, (BigInteger)ulong.MaxValue - 0x1_0000_03D0];
        var numbers = new SortedSet<BigInteger>();
        for (var limb = 0; limb < 4; limb++)
        {
            foreach (var value in limbs)
            {
                numbers.Add(Mod(value << (64 * limb)));
                numbers.Add(Mod(-(value << (64 * limb))));
            }
        }
        var random = new Random(7);
        for (var i = 0; i < 20; i++)
            numbers.Add(Mod(new BigInteger(RandomBytes(random), isUnsigned: true)));
        return numbers;
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[32];
        random.NextBytes(bytes);
        return bytes;
    }

    private static BigInteger Mod(BigInteger value) => ((value % Prime) + Prime) % Prime;

    private static FieldElement Element(BigInteger value)
    {
        Assert.True(FieldElement.TryCreate(Word(value), out var element));
        return element;
    }

    private static UInt256 Word(BigInteger value) => UInt256.FromBigEndian(value.ToByteArray(isUnsigned: true, isBigEndian: true));

    private static BigInteger Value(FieldElement element)
    {
        var bytes = new byte[32];
        element.WriteBigEndian(bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }
}
