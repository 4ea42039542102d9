namespace Aivm.Proofs.Prover;

/// <summary>A stretch of extension elements in four planes of memory that somebody else owns.</summary>
internal readonly unsafe struct ExtView(uint* start, nint stride)
{
    private readonly uint* _start = start;
    private readonly nint _stride = stride;

    /// <summary>For kernels.</summary>
    public ExtPointer Pointer => new(_start, _stride);

    public static ExtView Of(ExtArray array) => new(array.Plane(0), (nint)(array.Plane(1) - array.Plane(0)));

    /// <summary>The stretch from an element on.</summary>
    public ExtView From(nint index) => new(unchecked(_start + index), _stride);

    public Ext4 this[int index] => Pointer[index];

    public void Fill(Ext4 value, int count)
    {
        Plane(0, count).Fill(value.C0.Montgomery);
        Plane(1, count).Fill(value.C1.Montgomery);
        Plane(2, count).Fill(value.C2.Montgomery);
        Plane(3, count).Fill(value.C3.Montgomery);
    }

    /// <summary>Base elements, as elements of the extension.</summary>
    public void Fill(ReadOnlySpan<uint> elements)
    {
        elements.CopyTo(Plane(0, elements.Length));
        for (var k = 1; k < Ext4.Degree; k++)
            Plane(k, elements.Length).Clear();
    }

    public void CopyTo(ExtView target, int count)
    {
        for (var k = 0; k < Ext4.Degree; k++)
            Plane(k, count).CopyTo(target.Plane(k, count));
    }

    private Span<uint> Plane(int k, int count) => new(unchecked(_start + (k * _stride)), count);
}
