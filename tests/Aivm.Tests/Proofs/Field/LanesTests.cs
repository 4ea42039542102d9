using System.Runtime.Intrinsics;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Field;

public sealed unsafe class LanesTests
{
    private const int Length = 512;

    [Fact]
    public void Lanes_compute_what_elements_do()
    {
        Check<ScalarLanes, ulong>();
        if (FieldSimd.IsSupported(FieldLevel.Avx2))
            Check<Avx2Lanes, Vector256<uint>>();
        if (FieldSimd.IsSupported(FieldLevel.Avx512))
            Check<Avx512Lanes, Vector512<uint>>();
    }

    private static void Check<TLanes, TVector>()
        where TLanes : struct, IFieldLanes<TVector>
        where TVector : struct
    {
        using var a = Elements.Random(new Random(1), Length);
        using var b = Elements.Random(new Random(2), Length);
        using var result = new ExtArray(Length);
        for (var i = 0; i < Length; i += TLanes.Count)
            Store(result, i, ExtLanes<TLanes, TVector>.Multiply(Load(a, i), Load(b, i)));
        Elements.AssertEqual(result, i => a[i] * b[i]);

        for (var i = 0; i < Length; i += TLanes.Count)
            Store(result, i, ExtLanes<TLanes, TVector>.Multiply(Load(a, i), ExtLanes<TLanes, TVector>.Factor(TLanes.Load(b.Plane(0) + i))));
        Elements.AssertEqual(result, i => a[i] * b[i].C0);

        for (var i = 0; i < Length; i += TLanes.Count)
            Store(result, i, ExtLanes<TLanes, TVector>.Add(Load(a, i), Load(b, i)));
        Elements.AssertEqual(result, i => a[i] + b[i]);

        for (var i = 0; i < Length; i += TLanes.Count)
            Store(result, i, ExtLanes<TLanes, TVector>.Subtract(Load(a, i), Load(b, i)));
        Elements.AssertEqual(result, i => a[i] - b[i]);

        ExtVector<TVector> Load(ExtArray array, int at) => ExtLanes<TLanes, TVector>.Load(array.At(0), at);

        void Store(ExtArray array, int at, ExtVector<TVector> elements) => ExtLanes<TLanes, TVector>.Store(elements, array.At(0), at);
    }

    [Fact]
    public void Arrays_are_aligned_and_padded_with_zeros()
    {
        using var array = new ExtArray(100);
        for (var i = 0; i < 100; i++)
            array[i] = Ext4.One;
        array.Resize(37);
        for (var k = 0; k < Ext4.Degree; k++)
        {
            Assert.Equal(0, (nint)array.Plane(k) % 64);
            Assert.True(new ReadOnlySpan<uint>(array.Plane(k), 48).IndexOfAnyExcept(0u) < 0);
        }
        array[36] = Ext4.One;
        array.Truncate(36);
        Assert.Equal(0u, array.Plane(0)[36]);
        Assert.Throws<ArgumentOutOfRangeException>(() => array[36]);
        Assert.Throws<ArgumentOutOfRangeException>(() => array[-1]);
    }
}
