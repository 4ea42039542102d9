namespace Aivm.Proofs.Prover;

/// <summary>Values of expressions in all cells of a grid at once, from a witness.</summary>
internal static class Evaluator
{
    /// <summary>[position * channels + channel].</summary>
    public static long[] Values(Expression? expression, int positions, int channels, Witness witness)
    {
        var values = new long[positions * channels];
        switch (expression)
        {
            case null:
                Array.Fill(values, 1);
                break;
            case TapTerm { IsPlain: true } term:
                Copy(term.Source, values, witness);
                break;
            case BroadcastTerm term:
                for (var p = 0; p < positions; p++)
                    values.AsSpan(p * channels, channels).Fill(witness.Cells[term.Source.Base + (p * term.Source.Width)]);
                break;
            case ElementwiseProduct product:
                Copy(product.Left, values, witness);
                MultiplyBy(product.Right, values, witness);
                break;
            case MatrixProduct { Left.Channels: 1 } product when product.Left.Positions == positions:
                for (var p = 0; p < positions; p++)
                    values.AsSpan(p * channels, channels).Fill(witness.Read(product.Left.AddressOf(p, 0)));
                MultiplyBy(product.Right, values, witness);
                break;
            default:
                for (var i = 0; i < values.Length; i++)
                    values[i] = expression.ValueAt(witness.Read, i / channels, i % channels);
                break;
        }
        return values;
    }

    private static void MultiplyBy(GridView view, long[] values, Witness witness)
    {
        var factors = new long[values.Length];
        Copy(view, factors, witness);
        for (var i = 0; i < values.Length; i++)
            values[i] *= factors[i];
    }

    private static void Copy(GridView view, long[] values, Witness witness)
    {
        if (view.Whole is { } storage && storage.End <= witness.Cells.Length)
        {
            for (var p = 0; p < view.Positions; p++)
            {
                var row = witness.Cells.AsSpan(storage.Base + (p * storage.Width), storage.Channels);
                var to = values.AsSpan(p * storage.Channels, storage.Channels);
                for (var c = 0; c < row.Length; c++)
                    to[c] = row[c];
            }
            return;
        }
        for (var p = 0; p < view.Positions; p++)
            for (var c = 0; c < view.Channels; c++)
                values[(p * view.Channels) + c] = witness.Read(view.AddressOf(p, c));
    }

    /// <summary>The sum of numbers with their coefficients, which fits into 64 bits where its parts may not.</summary>
    public static long[] Values(IEnumerable<WideSummand> summands, int positions, int channels, Witness witness)
    {
        var sums = new long[positions * channels];
        foreach (var (number, coefficients) in summands)
            for (var k = 0; k < number.Limbs.Length; k++)
            {
                var values = Values(number.Limbs[k].Term, positions, channels, witness);
                for (var i = 0; i < sums.Length; i++)
                {
                    var coefficient = unchecked((long)coefficients[coefficients.Length == 1 ? 0 : i % channels]);
                    sums[i] = unchecked(sums[i] + ((coefficient << (number.Step * k)) * values[i]));
                }
            }
        return sums;
    }

    /// <summary>The sum of an entry's summands in the field.</summary>
    public static Felt[] Sums(IEnumerable<Summand> summands, int positions, int channels, Witness witness)
    {
        var sums = new Felt[positions * channels];
        foreach (var summand in summands)
        {
            var values = Values(summand.Term, positions, channels, witness);
            for (var p = 0; p < positions; p++)
                for (var c = 0; c < channels; c++)
                    sums[(p * channels) + c] += summand.FactorOf(c) * Felt.From(values[(p * channels) + c]);
        }
        return sums;
    }
}
