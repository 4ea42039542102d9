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
    public void A_root_of_unity_has_its_order_and_no_smaller_one()
    {
        for (var bits = 1; bits <= Felt.TwoAdicity; bits++)
        {
            var root = Felt.RootOfUnity(bits);
            Assert.Equal(-Felt.One, root.Power(1UL << (bits - 1)));
        }
    }
}
