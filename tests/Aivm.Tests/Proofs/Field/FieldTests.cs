using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Field;

public sealed class FieldTests
{
    [Fact]
    public void An_element_times_its_inverse_is_one()
    {
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var a = Felt.From(random.NextInt64());
            var b = new Ext4(Felt.From(random.Next()), Felt.From(random.Next()), Felt.From(random.Next()), Felt.From(random.Next()));
            Assert.Equal(Felt.One, a * a.Inverse());
            Assert.Equal(Ext4.One, b * b.Inverse());
        }
        Assert.Equal(Felt.Zero, Felt.Zero.Inverse());
        Assert.Equal(Ext4.Zero, Ext4.Zero.Inverse());
    }

    [Fact]
    public void Products_are_those_of_integers_modulo_p()
    {
        var random = new Random(2);
        for (var i = 0; i < 1000; i++)
        {
            var (a, b) = (random.NextInt64(), random.NextInt64());
            var expected = (long)((((Int128)a * b) % Felt.Modulus + Felt.Modulus) % Felt.Modulus);
            Assert.Equal(expected, (Felt.From(a) * Felt.From(b)).ToUInt32());
            Assert.Equal((Felt.From(a) - Felt.From(b)) + Felt.From(b), Felt.From(a));
        }
    }

    [Fact]
    public void Products_in_the_extension_are_those_of_polynomials_modulo_x4_minus_11()
    {
        var random = new Random(3);
        for (var i = 0; i < 1000; i++)
        {
            // The largest words first, where sums come closest to their bounds.
            var (a, b) = (Coefficients(i), Coefficients(i));
            var product = new Felt[Ext4.Degree];
            for (var j = 0; j < Ext4.Degree; j++)
                for (var k = 0; k < Ext4.Degree; k++)
                    product[(j + k) % Ext4.Degree] += a[j] * b[k] * (j + k < Ext4.Degree ? Felt.One : Felt.From(11));
            Assert.Equal(Of(product), Of(a) * Of(b));
        }

        Felt[] Coefficients(int i) =>
            [.. Enumerable.Range(0, Ext4.Degree).Select(_ => Felt.FromMontgomery(Felt.Modulus - 1 - (i == 0 ? 0u : (uint)random.Next(i < 100 ? 3 : (int)Felt.Modulus))))];

        static Ext4 Of(Felt[] c) => new(c[0], c[1], c[2], c[3]);
    }

    [Fact]
    public void A_root_of_unity_has_its_order_and_no_smaller_one()
    {
        for (var bits = 1; bits <= Felt.TwoAdicity; bits++)
        {
            var root = Felt.RootOfUnity(bits);
            Assert.Equal(-Felt.One, root.Power(1UL << (bits - 1)));
        }
    }
}
