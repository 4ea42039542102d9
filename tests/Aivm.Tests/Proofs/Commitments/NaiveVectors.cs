using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>What provers of the tests compute element by element, apart from the kernels.</summary>
internal static class NaiveVectors
{
    public static Ext4 Dot(Ext4[] a, Ext4[] b) => a.Zip(b).Aggregate(Ext4.Zero, (sum, pair) => sum + (pair.First * pair.Second));

    /// <summary>eq of a point, index by index.</summary>
    public static Ext4[] Equality(Ext4[] point)
    {
        Ext4[] table = [Ext4.One];
        foreach (var coordinate in point)
            table = [.. table.Select(entry => entry * (Ext4.One - coordinate)), .. table.Select(entry => entry * coordinate)];
        return table;
    }
}
