namespace Aivm.Proofs;

/// <summary>
/// Which positions of a source the positions of a result read, tap by tap. A tap reads each position of the source for one position of the result at
/// most, so that a vector over the result's positions has an image over the source's.
/// </summary>
/// <param name="maps">By tap: the source's position for each position of one sample, -1 for none. No taps: the position itself.</param>
internal sealed class TapMaps(int samples, int sourcePositions, int positions, int[][] maps)
{
    public int Count => Math.Max(1, maps.Length);

    /// <summary>Whether the one tap stays where it is.</summary>
    public bool IsIdentity => maps.Length == 0;

    /// <summary>Of the result, in one sample.</summary>
    public int Positions => positions;

    /// <summary>The same in the whole batch.</summary>
    public int BatchPositions => samples * positions;

    /// <summary>The source's position in the batch, -1 for none.</summary>
    public int SourceOf(int tap, int position)
    {
        var (sample, local) = (position / positions, position % positions);
        var from = IsIdentity ? local : maps[tap][local];
        return from < 0 ? -1 : (sample * sourcePositions) + from;
    }

    /// <summary>result[at + source of p] += rows[p] * factor(p), over all positions of the batch that the tap has a source for.</summary>
    /// <param name="factors">One for each position of a sample, or null for 1.</param>
    public unsafe void AddImage(int tap, in GridWeights weights, Felt[]? factors, ExtArray result, int at)
    {
        for (var k = 0; k < Ext4.Degree; k++)
        {
            uint* from = weights.Rows.Plane(k) + weights.FirstRow, to = result.Plane(k) + at;
            for (var sample = 0; sample < samples; sample++, from += positions, to += sourcePositions)
                for (var p = 0; p < positions; p++)
                {
                    var target = IsIdentity ? p : maps[tap][p];
                    if (target >= 0)
                        to[target] = Felt.Add(to[target], factors is null ? from[p] : Felt.Multiply(from[p], factors[p].Montgomery));
                }
        }
    }

    /// <summary>The sum over all positions of the batch of row(p) * source[at + source of p].</summary>
    public Ext4 Dot(int tap, in GridWeights weights, ExtArray source, int at)
    {
        if (IsIdentity)
            return ExtKernels.Dot(weights.Rows, weights.FirstRow, source, at, samples * positions);
        using var moved = new ExtArray(samples * positions);
        for (var k = 0; k < Ext4.Degree; k++)
            Move(tap, source.AsSpan(k)[at..], stride: 1, moved.AsSpan(k));
        return ExtKernels.Dot(weights.Rows, weights.FirstRow, moved, 0, moved.Length);
    }

    /// <summary>The same of one channel of base elements, source[stride * source of p + channel].</summary>
    public Ext4 Dot(int tap, in GridWeights weights, FeltArray source, int stride, int channel)
    {
        using var moved = new FeltArray(samples * positions);
        Move(tap, source.AsSpan()[channel..], stride, moved.AsSpan());
        return ExtKernels.Dot(weights.Rows, weights.FirstRow, moved, 0, moved.Length);
    }

    private void Move(int tap, ReadOnlySpan<uint> source, int stride, Span<uint> result)
    {
        for (var sample = 0; sample < samples; sample++)
        {
            var from = source[(sample * sourcePositions * stride)..];
            var to = result.Slice(sample * positions, positions);
            for (var p = 0; p < positions; p++)
            {
                var position = IsIdentity ? p : maps[tap][p];
                to[p] = position < 0 ? 0 : from[position * stride];
            }
        }
    }
}
