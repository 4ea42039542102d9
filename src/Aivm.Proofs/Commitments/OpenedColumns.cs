using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>Columns of a committed matrix at the positions that the verifier drew, authenticated by its root.</summary>
internal sealed class OpenedColumns : IDisposable
{
    private readonly int _count;

    private OpenedColumns(int height, int count) => (Rows, _count) = (new FeltArray(height * count), count);

    /// <summary>Row by row, an element of each column.</summary>
    public FeltArray Rows { get; }

    /// <summary>The element of a column whose four coefficients begin in a row.</summary>
    public Ext4 Element(int firstRow, int column)
    {
        var at = (firstRow * _count) + column;
        return new Ext4(Rows[at], Rows[at + _count], Rows[at + (2 * _count)], Rows[at + (3 * _count)]);
    }

    /// <summary>
    /// Reads the rows of the columns' salts (8 words, if there are salts) and of the matrix, each at all positions, and the tree's
    /// opening. Null after a failure, which the reader holds.
    /// </summary>
    public static OpenedColumns? TryRead(Hash256 root, int codeBits, int height, bool salted, int[] positions, ProofReader reader)
    {
        var salts = new uint[ColumnHasher.SaltWords * positions.Length];
        if (salted && !reader.TryReadWords(salts))
            return null;
        var columns = new OpenedColumns(height, positions.Length);
        if (reader.TryReadElements(columns.Rows.AsSpan()) && columns.TryAuthenticate(root, codeBits, height, salts, positions, reader))
            return columns;
        columns.Dispose();
        return null;
    }

    public void Dispose() => Rows.Dispose();

    private bool TryAuthenticate(Hash256 root, int codeBits, int height, uint[] salts, int[] positions, ProofReader reader)
    {
        var leaves = new uint[Blake3.HashWords * _count];
        ColumnHasher.Hash(Rows.AsSpan(), height, _count, salts, leaves, 0, _count);
        return MerkleOpening.TryVerify(root, codeBits, positions, leaves, reader);
    }
}
