namespace Aivm.Proofs.Prover;

/// <summary>
/// Sums of summands in the cells of a grid, as the integers of least magnitude that they are in the field. Kernels evaluate a stretch of positions at a time,
/// which stays in the near caches. For one thread.
/// </summary>
internal sealed class CellSums : IDisposable
{
    private const int StretchCells = 4096;

    private readonly Witness _witness;
    private readonly int _channels;
    private readonly int _stretch;
    private readonly FeltArray _sums;
    private readonly FeltArray _values;
    private readonly FeltArray _others;
    private readonly int[] _integers;

    public CellSums(Witness witness, int positions, int channels)
    {
        (_witness, _channels) = (witness, channels);
        _stretch = Math.Clamp(StretchCells / channels, 1, positions);
        var cells = _stretch * channels;
        (_sums, _values, _others) = (new FeltArray(cells), new FeltArray(cells), new FeltArray(cells));
        _integers = new int[cells];
    }

    /// <param name="integers">Of the positions from the first on, [position, channel].</param>
    public delegate void Stretch(int first, int positions, ReadOnlySpan<int> integers);

    /// <summary>Evaluates positions from the first on, and hands over stretch after stretch.</summary>
    /// <param name="scale">What all sums are multiplied by.</param>
    public void Evaluate(IReadOnlyList<Summand> summands, int first, int positions, Felt scale, Stretch take)
    {
        for (var end = first + positions; first < end; first += _stretch)
        {
            var count = Math.Min(_stretch, end - first);
            var cells = count * _channels;
            _sums.Clear();
            foreach (var summand in summands)
                Add(summand, first, count, cells);
            if (scale != Felt.One)
                FieldKernels.Scale(_sums, 0, scale, cells);
            var integers = _integers.AsSpan(0, cells);
            FieldKernels.ToIntegers(_sums, integers);
            take(first, count, integers);
        }
    }

    public void Dispose()
    {
        _sums.Dispose();
        _values.Dispose();
        _others.Dispose();
    }

    private void Add(Summand summand, int first, int positions, int cells)
    {
        Evaluate(summand.Term, first, positions);
        var factor = summand.Factors[0];
        if (summand.Factors.Length > 1)
        {
            factor = Felt.One;
            for (var i = 0; i < cells; i++)
                _others[i] = summand.Factors[i % _channels];
            FieldKernels.Multiply(_values, 0, _others, 0, _values, 0, cells);
        }
        FieldKernels.AddScaled(_sums, factor, _values, cells);
    }

    /// <summary>The term's values in so many positions.</summary>
    private void Evaluate(Expression? term, int first, int positions)
    {
        var values = _values.AsSpan()[..(positions * _channels)];
        switch (term)
        {
            case null:
                values.Fill(Felt.One.Montgomery);
                break;
            case TapTerm { IsPlain: true } plain:
                Load(plain.Source, first, positions, _values);
                break;
            case BroadcastTerm { Source: var rows }:
                for (var p = 0; p < positions; p++)
                    values.Slice(p * _channels, _channels).Fill(Felt.From(_witness.Cells[rows.Base + ((first + p) * rows.Width)]).Montgomery);
                break;
            case ElementwiseProduct product:
                Load(product.Left, first, positions, _values);
                Load(product.Right, first, positions, _others);
                FieldKernels.Multiply(_values, 0, _others, 0, _values, 0, values.Length);
                break;
            // A column by one row for each position.
            case MatrixProduct { Left.Channels: 1 } product when product.Left.Positions == product.Right.Positions && product.Right.Channels == _channels:
                Load(product.Right, first, positions, _values);
                for (var p = 0; p < positions; p++)
                    FieldKernels.Scale(_values, p * _channels, Felt.From(_witness.Read(product.Left.AddressOf(first + p, 0))), _channels);
                break;
            default:
                for (var i = 0; i < values.Length; i++)
                    values[i] = Felt.From(term.ValueAt(_witness.Read, first + (i / _channels), i % _channels)).Montgomery;
                break;
        }
    }

    private void Load(GridView view, int first, int positions, FeltArray values)
    {
        if (view.Whole is { } storage && storage.End <= _witness.Cells.Length)
        {
            // Rows without padding between them are one.
            var (rows, length) = storage.Width == storage.Channels ? (1, positions * storage.Width) : (positions, storage.Channels);
            for (var row = 0; row < rows; row++)
                ExtKernels.FromIntegers(_witness.Cells.AsSpan(storage.Base + ((first + row) * storage.Width), length), values, row * length);
            return;
        }
        for (var p = 0; p < positions; p++)
            for (var c = 0; c < _channels; c++)
                values[(p * _channels) + c] = Felt.From(_witness.Read(view.AddressOf(first + p, c)));
    }
}
