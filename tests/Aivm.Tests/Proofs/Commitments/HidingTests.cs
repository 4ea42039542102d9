using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>What a proof shows is what a simulator without the cells could have drawn.</summary>
public sealed unsafe class HidingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_same_cells_are_committed_differently_each_time(int openings)
    {
        using var first = new Opening(300, openings);
        using var second = new Opening(300, openings);
        Assert.NotEqual(first.Root, second.Root);
        for (var row = 0; row < first.Shape.Rows; row++)
            Assert.True(Differences(first, second, row) > first.Shape.CodeLength - first.Shape.MessageLength);
    }

    /// <summary>Salts hide nothing and are zero where the oracle hides nothing: whoever has the cells has the root.</summary>
    [Fact]
    public void A_public_oracle_has_one_root()
    {
        using var first = new Opening(300, openings: 0);
        using var second = new Opening(300, openings: 0);
        Assert.Equal(first.Root, second.Root);
    }

    /// <summary>
    /// Values of a row at the positions of all openings are a fixed part, of the cells, plus a linear map of the random coefficients.
    /// Full rank: uniform.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Columns_of_all_openings_together_are_uniform(int openings)
    {
        using var opening = new Opening(300, openings);
        var positions = new SortedSet<int>();
        for (var i = 0; i < openings; i++)
            positions.UnionWith(opening.Positions(opening.Open().Proof));
        var shape = opening.Shape;
        var map = positions.Select(position =>
        {
            var point = shape.Code.Point(position);
            return Enumerable.Range(0, shape.Tail).Select(i => point.Power((ulong)(shape.Columns + i))).ToArray();
        }).ToArray();
        Assert.Equal(positions.Count, Rank(map));
        Assert.InRange(positions.Count, shape.Queries, shape.Tail);
    }

    /// <summary>
    /// Combinations of rows: of cells that are all zero, and of others, each over many proofs, in sixteenths of the field.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void The_combination_of_rows_is_uniform_whatever_the_cells_are(int openings)
    {
        const int Proofs = 20;
        foreach (var zero in (bool[])[false, true])
        {
            var (counts, total) = (new int[16], 0);
            Opening? opening = null;
            for (var i = 0; i < Proofs; i++)
            {
                opening = openings == 1 || opening is null ? new Opening(100, openings, zero ? null : 1) : opening;
                foreach (var (c0, c1, c2, c3) in opening.SentCombination(opening.Open().Proof))
                    foreach (var number in (Felt[])[c0, c1, c2, c3])
                        (counts[16L * number.ToUInt32() / Felt.Modulus], total) = (counts[16L * number.ToUInt32() / Felt.Modulus] + 1, total + 1);
            }
            var expected = total / 16.0;
            Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 1, 50);
        }
    }

    /// <summary>
    /// The values at random points are a linear map of the hiding cells, which end the vector, plus what other cells add. Full rank:
    /// uniform.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void The_values_of_all_openings_together_are_uniform(int openings)
    {
        var (cells, hiding) = (1000, OracleShape.HidingCells(openings));
        var transcript = new Transcript("points");
        var map = Enumerable.Range(0, openings).SelectMany(_ =>
        {
            var point = new Ext4[10];
            transcript.NextChallenges(point);
            var weights = Enumerable.Range(cells - hiding, hiding).Select(i =>
                point.Select((x, k) => ((i >> k) & 1) == 1 ? x : Ext4.One - x).Aggregate((a, b) => a * b)).ToArray();
            return new[] { weights.Select(w => w.C0), weights.Select(w => w.C1), weights.Select(w => w.C2), weights.Select(w => w.C3) };
        }).Select(row => row.ToArray()).ToArray();
        Assert.Equal(Ext4.Degree * openings, Rank(map));
    }

    private static int Differences(Opening first, Opening second, int row)
    {
        var differences = 0;
        for (var i = 0; i < first.Shape.CodeLength; i++)
            differences += first.Matrix.Row(row)[i] != second.Matrix.Row(row)[i] ? 1 : 0;
        return differences;
    }

    private static int Rank(Felt[][] rows)
    {
        var rank = 0;
        for (var column = 0; column < rows[0].Length && rank < rows.Length; column++)
        {
            var pivot = Array.FindIndex(rows, rank, row => row[column] != Felt.Zero);
            if (pivot < 0)
                continue;
            (rows[rank], rows[pivot]) = (rows[pivot], rows[rank]);
            var inverse = rows[rank][column].Inverse();
            for (var i = rank + 1; i < rows.Length; i++)
            {
                var factor = rows[i][column] * inverse;
                for (var j = column; j < rows[i].Length; j++)
                    rows[i][j] -= factor * rows[rank][j];
            }
            rank++;
        }
        return rank;
    }
}
