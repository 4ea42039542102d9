namespace Aivm.Proofs.Prover;

/// <summary>Values of expressions in all cells of some positions of a grid at once, from a witness.</summary>
internal static class Evaluator
{
    /// <summary>[(position - first) * channels + channel].</summary>
    /// <param name="first">A position, of so many.</param>
    public static long[] Values(Expression? expression, int first, int positions, int channels, Witness witness)
    {
        var values = new long[positions * channels];
        switch (expression)
        {
            case null:
                Array.Fill(values, 1);
                break;
            case TapTerm { IsPlain: true } term:
                Copy(term.Source, first, values, witness);
                break;
            case BroadcastTerm term:
                for (var p = 0; p < positions; p++)
                    values.AsSpan(p * channels, channels).Fill(witness.Cells[term.Source.Base + ((first + p) * term.Source.Width)]);
                break;
            case ElementwiseProduct product:
                Copy(product.Left, first, values, witness);
                MultiplyBy(product.Right, first, values, witness);
                break;
            // A column by one row for each position.
            case MatrixProduct { Left.Channels: 1 } product when product.Left.Positions == product.Right.Positions:
                for (var p = 0; p < positions; p++)
                    values.AsSpan(p * channels, channels).Fill(witness.Read(product.Left.AddressOf(first + p, 0)));
                MultiplyBy(product.Right, first, values, witness);
                break;
            default:
                for (var i = 0; i < values.Length; i++)
                    values[i] = expression.ValueAt(witness.Read, first + (i / channels), i % channels);
                break;
        }
        return values;
    }

    private static void MultiplyBy(GridView view, int first, long[] values, Witness witness)
    {
        var factors = new long[values.Length];
        Copy(view, first, factors, witness);
        for (var i = 0; i < values.Length; i++)
            values[i] *= factors[i];
    }

    private static void Copy(GridView view, int first, long[] values, Witness witness)
    {
        var positions = values.Length / view.Channels;
        if (view.Whole is { } storage && storage.End <= witness.Cells.Length)
        {
            for (var p = 0; p < positions; p++)
            {
                var row = witness.Cells.AsSpan(storage.Base + ((first + p) * storage.Width), storage.Channels);
                var to = values.AsSpan(p * storage.Channels, storage.Channels);
                for (var c = 0; c < row.Length; c++)
                    to[c] = row[c];
            }
            return;
        }
        for (var p = 0; p < positions; p++)
            for (var c = 0; c < view.Channels; c++)
                values[(p * view.Channels) + c] = witness.Read(view.AddressOf(first + p, c));
    }

    /// <summary>The sum of numbers with their coefficients, which fits into 64 bits where its parts may not.</summary>
    public static long[] Values(IEnumerable<WideSummand> summands, int first, int positions, int channels, Witness witness)
    {
        var sums = new long[positions * channels];
        foreach (var (number, coefficients) in summands)
            for (var k = 0; k < number.Limbs.Length; k++)
            {
                var values = Values(number.Limbs[k].Term, first, positions, channels, witness);
                for (var i = 0; i < sums.Length; i++)
                {
                    var coefficient = unchecked((long)coefficients[coefficients.Length == 1 ? 0 : i % channels]);
                    sums[i] = unchecked(sums[i] + ((coefficient << (number.Step * k)) * values[i]));
                }
            }
        return sums;
    }
}
