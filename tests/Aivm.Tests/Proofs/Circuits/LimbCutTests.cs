using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Circuits;

public sealed class LimbCutTests
{
    [Theory]
    [InlineData(-5, 5)]
    [InlineData(-70_000, 70_000)]
    [InlineData(0, long.MaxValue)]
    [InlineData(long.MinValue, long.MaxValue)]
    public void Limbs_make_the_number_again_in_either_width(long low, long high)
    {
        // Wider than 64 bits too: then the last limbs are all sign.
        foreach (var cut in new[] { LimbCut.Of(low, high), LimbCut.Of(Int128.MinValue >> 2, Int128.MaxValue >> 2) })
            foreach (var number in (long[])[low, high, 0, 1, -1, (low / 3) + 1, (high / 7) - 1])
            {
                if (number < low || number > high)
                    continue;
                var sum = Int128.Zero;
                for (var limb = 0; limb < cut.Count; limb++)
                {
                    Assert.Equal(cut.LimbOf((Int128)number, limb), cut.LimbOf(number, limb));
                    sum += (Int128)cut.LimbOf(number, limb) << (cut.LimbBits * limb);
                }
                Assert.Equal(number, sum);
            }
    }
}
