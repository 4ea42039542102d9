using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Field;

/// <summary>Random elements, with more zeros and elements whose form is p - 1 than chance has.</summary>
internal static class Elements
{
    public static Felt Random(Random random) => Felt.FromMontgomery(random.Next(8) switch
    {
        0 => 0,
        1 or 2 => Felt.Modulus - 1,
        _ => (uint)random.NextInt64(Felt.Modulus),
    });

    public static Ext4 RandomExt(Random random) => new(Random(random), Random(random), Random(random), Random(random));

    public static ExtArray Random(Random random, int length)
    {
        var array = new ExtArray(length);
        for (var i = 0; i < length; i++)
            array[i] = random.Next(8) == 0 ? new(Last, Last, Last, Last) : RandomExt(random);
        return array;
    }

    public static FeltArray RandomBase(Random random, int length)
    {
        var array = new FeltArray(length);
        for (var i = 0; i < length; i++)
            array[i] = Random(random);
        return array;
    }

    public static void AssertEqual(ExtArray actual, Func<int, Ext4> expected)
    {
        for (var i = 0; i < actual.Length; i++)
            Assert.Equal(expected(i), actual[i]);
    }

    private static Felt Last => Felt.FromMontgomery(Felt.Modulus - 1);
}
