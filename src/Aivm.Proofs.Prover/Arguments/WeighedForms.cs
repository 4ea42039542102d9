namespace Aivm.Proofs.Prover;

/// <summary>Forms of committed weights, with the sums that one pass over the weights gives: what the value and the sumcheck need of them.</summary>
internal sealed class WeighedForms : IDisposable
{
    private readonly List<WeightForm> _forms;

    /// <param name="forms">Its own from here on.</param>
    public WeighedForms(List<WeightForm> forms, FeltArray weights, int threads)
    {
        _forms = forms;
        All = [.. forms.Select(form => new WeighedForm(form.Coefficients))];
        (WeighedForm Form, int Block, int Column)[] pieces = [.. All.SelectMany(form => form.Pieces, (form, piece) => (form, piece.Block, piece.Column))];
        Parts.Each(threads, pieces.Length, i => pieces[i].Form.AddRows(weights, pieces[i].Block, pieces[i].Column));
        Value = Ext4.Zero;
        foreach (var form in All)
            Value += form.ValueOf(weights);
    }

    public WeighedForm[] All { get; }

    /// <summary>The sum of the forms.</summary>
    public Ext4 Value { get; private set; }

    public void Scale(Ext4 factor)
    {
        Value *= factor;
        foreach (var form in All)
            form.Scale(factor);
    }

    public void Dispose()
    {
        foreach (var form in All)
            form.Dispose();
        foreach (var form in _forms)
            form.Dispose();
    }
}

/// <summary>
/// One form. Block by block, each taking up the rectangle's width: the columns' factors, and the sum over the block's rows of each row's factor times its
/// weights, so that the form is their inner product. Of a single channel there is nothing to sum: the rows' coefficients are the form.
/// </summary>
internal sealed class WeighedForm : IDisposable
{
    /// <summary>Columns that a thread sums at a time.</summary>
    private const int Piece = 256;

    private readonly OuterProducts _products;

    public WeighedForm(OuterProducts products)
    {
        _products = products;
        var (place, blocks) = (products.Place, products.Blocks);
        (Columns, Sums) = (new ExtArray(blocks * place.Width), new ExtArray(place.Width == 1 ? 0 : blocks * place.Width));
        for (var block = 0; block < blocks; block++)
            ExtKernels.AddScaled(Columns, block * place.Width, Ext4.One, products.Columns, block * place.Channels, place.Channels);
    }

    public Storage Place => _products.Place;

    public int Blocks => _products.Blocks;

    public ExtArray Columns { get; private set; }

    public ExtArray Sums { get; }

    public IEnumerable<(int Block, int Column)> Pieces
    {
        get
        {
            for (var at = 0; at < Sums.Length; at += Place.Width)
                for (var column = 0; column < Place.Channels; column += Piece)
                    yield return (at / Place.Width, column);
        }
    }

    public void AddRows(FeltArray weights, int block, int column)
    {
        var (rows, first) = (_products.RowsOfBlock, _products.FirstRow(block));
        using var factors = new ExtArray(rows);
        ExtKernels.AddScaled(factors, 0, Ext4.One, _products.Rows, first, rows);
        ExtKernels.CombineRows(
            Sums, (block * Place.Width) + column, factors, weights, Place.Base + (block * rows * Place.Width) + column, Place.Width,
            Math.Min(Piece, Place.Channels - column));
    }

    public Ext4 ValueOf(FeltArray weights)
    {
        if (Sums.Length > 0)
            return ExtKernels.Dot(Columns, 0, Sums, 0, Sums.Length);
        using var rows = new ExtArray(Place.Positions);
        AddRowCoefficients(Columns, 0, rows);
        return ExtKernels.Dot(rows, 0, weights, Place.Base, Place.Positions);
    }

    public void Scale(Ext4 factor)
    {
        var scaled = new ExtArray(Columns.Length);
        ExtKernels.AddScaled(scaled, 0, factor, Columns, 0, Columns.Length);
        Columns.Dispose();
        Columns = scaled;
    }

    /// <summary>Adds the coefficients of rows when a single column is left of each block.</summary>
    /// <param name="columns">From <paramref name="at"/> on, one for each block.</param>
    public void AddRowCoefficients(ExtArray columns, int at, ExtArray coefficients)
    {
        var rows = _products.RowsOfBlock;
        if (rows == 1)
            for (var tap = 0; tap < Blocks; tap += _products.Groups)
                ExtKernels.AddProducts(coefficients, tap, _products.Rows, 0, columns, at + tap, _products.Groups);
        for (var block = 0; rows > 1 && block < Blocks; block++)
            ExtKernels.AddScaled(coefficients, block * rows, columns[at + block], _products.Rows, _products.FirstRow(block), rows);
    }

    public void Dispose()
    {
        Columns.Dispose();
        Sums.Dispose();
    }
}
