namespace Aivm.Proofs;

/// <summary>
/// A sum of products of two numbers, each at an address, in each cell of a grid. Its weighted sum over the grid is an inner product sum_i X_i Y_i, where
/// the left numbers and the weights make X and the right ones make Y: what of the weights goes to which side is the term's to say.
/// </summary>
internal abstract class ProductTerm(GridView left, GridView right, int elementPositions, int elementChannels) : Expression
{
    public GridView Left => left;

    public GridView Right => right;

    /// <summary>The left view as a term.</summary>
    public TapTerm LeftTerm { get; } = new(left);

    /// <summary>The right view as a term.</summary>
    public TapTerm RightTerm { get; } = new(right);

    /// <summary>Whether Y takes the weights of the grid's columns, and so a summand's factor; X takes those of its rows.</summary>
    internal virtual bool ColumnsAreRight => false;

    /// <summary>Where its i lie in the vectors of all products. At 0 until it is part of a site.</summary>
    public Storage Elements { get; private set; } = new(0, elementPositions, elementChannels);

    /// <summary>The same for one summand of one site, with a place of its own behind others.</summary>
    public ProductTerm Place(int first)
    {
        var placed = (ProductTerm)MemberwiseClone();
        placed.Elements = Elements with { Base = checked(first + Elements.Width - 1) & -Elements.Width };
        return placed;
    }

    /// <summary>Both views, each with weights of its own: under one assignment or the other, or both.</summary>
    internal override long EvaluationWork => WorkOf(Left) + WorkOf(Right);

    private static long WorkOf(GridView view) =>
        VerificationWork.Of(view) + (4L * (view.Positions + view.Channels) * VerificationWork.Product);

    /// <summary>Adds the term's elements to both vectors.</summary>
    /// <param name="weights">Of the site's grid.</param>
    internal abstract void AddElements(in GridWeights weights, FeltArray leftNumbers, FeltArray rightNumbers, ExtArray x, ExtArray y);

    /// <summary>What each number of the left view weighs in sum_i eq(s, i) X_i.</summary>
    /// <param name="room">The weights may lie there.</param>
    internal abstract GridWeights LeftWeights(in GridWeights weights, EqPoint s, GridRoom room);

    /// <summary>The same of the right view in sum_i eq(s, i) Y_i.</summary>
    internal abstract GridWeights RightWeights(in GridWeights weights, EqPoint s, GridRoom room);
}

/// <summary>Room for the weights of one grid after another.</summary>
internal sealed class GridRoom : IDisposable
{
    public ExtArray Rows { get; } = new(0);

    public ExtArray Columns { get; } = new(0);

    /// <summary>So many rows, all 0.</summary>
    public ExtArray TakeRows(int positions)
    {
        Rows.Resize(positions);
        return Rows;
    }

    /// <summary>So many columns, all 0.</summary>
    public ExtArray TakeColumns(int channels)
    {
        Columns.Resize(channels);
        return Columns;
    }

    public void Dispose()
    {
        Rows.Dispose();
        Columns.Dispose();
    }
}

/// <summary>value (p, c) = left(p, c) * right(p, c): X(p, c) = weight(p, c) * left(p, c), Y(p, c) = right(p, c).</summary>
internal sealed class ElementwiseProduct(GridView left, GridView right) : ProductTerm(left, right, left.Positions, left.Channels)
{
    private int Positions => Elements.Positions;

    private int Channels => Elements.Channels;

    internal override void AddElements(in GridWeights weights, FeltArray leftNumbers, FeltArray rightNumbers, ExtArray x, ExtArray y)
    {
        using var row = new ExtArray(Channels);
        for (var p = 0; p < Positions; p++)
        {
            var (element, number) = (Elements.Base + (p * Elements.Width), p * Channels);
            row.Clear();
            ExtKernels.AddScaled(row, 0, weights.Row(p), weights.Columns, weights.FirstColumn, Channels);
            ExtKernels.AddProducts(x, element, row, 0, leftNumbers, number, Channels);
            ExtKernels.AddScaled(y, element, Ext4.One, rightNumbers, number, Channels);
        }
    }

    internal override GridWeights LeftWeights(in GridWeights weights, EqPoint s, GridRoom room)
    {
        var eq = s.Of(Elements);
        ExtKernels.AddProducts(room.TakeRows(Positions), 0, weights.Rows, weights.FirstRow, eq.Rows, eq.FirstRow, Positions);
        ExtKernels.AddProducts(room.TakeColumns(Channels), 0, weights.Columns, weights.FirstColumn, eq.Columns, eq.FirstColumn, Channels);
        return new(room.Rows, 0, room.Columns, 0);
    }

    internal override GridWeights RightWeights(in GridWeights weights, EqPoint s, GridRoom room) => s.Of(Elements);

    internal override long ValueAt(Func<int, long> read, int position, int channel) =>
        read(Left.AddressOf(position, channel)) * read(Right.AddressOf(position, channel));
}

/// <summary>
/// Matrix products: value (g * M + m, n) = sum over k of left(g * M + m, k) * right(g, k, n), g numbering the matrices. The weight of a cell being
/// row * column, X(g, k) = sum over m of row(g * M + m) * left(g * M + m, k) and Y(g, k) = sum over n of column(n) * right(g, k, n): the sumcheck of
/// Thaler 2013, section 4, for all matrices at once.
/// </summary>
/// <param name="matrices">Of all samples.</param>
/// <param name="transposesRight">The right view has a position for each g and n and a channel for each k, rather than one for each g and k and for each n.</param>
internal sealed class MatrixProduct(GridView left, GridView right, int matrices, bool transposesRight = false) : ProductTerm(left, right, matrices, left.Channels)
{
    internal override bool ColumnsAreRight => true;

    private int Matrices => Elements.Positions;

    private int Inner => Elements.Channels;

    private int RowsOfMatrix => Left.Positions / Matrices;

    private int RowsOfRight => Right.Positions / Matrices;

    internal override void AddElements(in GridWeights weights, FeltArray leftNumbers, FeltArray rightNumbers, ExtArray x, ExtArray y)
    {
        for (var row = 0; row < Left.Positions; row++)
            ExtKernels.AddScaled(x, Elements.Base + (row / RowsOfMatrix * Elements.Width), weights.Row(row), leftNumbers, row * Inner, Inner);
        for (var row = 0; row < Right.Positions; row++)
        {
            var (first, local) = (Elements.Base + (row / RowsOfRight * Elements.Width), row % RowsOfRight);
            if (transposesRight)
                ExtKernels.AddScaled(y, first, weights.Column(local), rightNumbers, row * Inner, Inner);
            else
                y[first + local] += ExtKernels.Dot(weights.Columns, weights.FirstColumn, rightNumbers, row * Right.Channels, Right.Channels);
        }
    }

    internal override GridWeights LeftWeights(in GridWeights weights, EqPoint s, GridRoom room)
    {
        var (eq, rows) = (s.Of(Elements), room.TakeRows(Left.Positions));
        if (RowsOfMatrix == 1)
            ExtKernels.AddProducts(rows, 0, weights.Rows, weights.FirstRow, eq.Rows, eq.FirstRow, Matrices);
        else
            for (var row = 0; row < rows.Length; row += RowsOfMatrix)
                ExtKernels.AddScaled(rows, row, eq.Row(row / RowsOfMatrix), weights.Rows, weights.FirstRow + row, RowsOfMatrix);
        return eq with { Rows = rows, FirstRow = 0 };
    }

    internal override GridWeights RightWeights(in GridWeights weights, EqPoint s, GridRoom room)
    {
        var (eq, rows) = (s.Of(Elements), room.TakeRows(Right.Positions));
        var (inner, first) = transposesRight ? (weights.Columns, weights.FirstColumn) : (eq.Columns, eq.FirstColumn);
        if (RowsOfRight == 1)
            ExtKernels.AddScaled(rows, 0, inner[first], eq.Rows, eq.FirstRow, Matrices);
        else
            for (var row = 0; row < rows.Length; row += RowsOfRight)
                ExtKernels.AddScaled(rows, row, eq.Row(row / RowsOfRight), inner, first, RowsOfRight);
        return (transposesRight ? eq : weights) with { Rows = rows, FirstRow = 0 };
    }

    internal override long ValueAt(Func<int, long> read, int position, int channel)
    {
        var (sum, first) = (0L, position / RowsOfMatrix * RowsOfRight);
        for (var k = 0; k < Inner; k++)
            sum += read(Left.AddressOf(position, k)) * read(transposesRight ? Right.AddressOf(first + channel, k) : Right.AddressOf(first + k, channel));
        return sum;
    }
}

/// <summary>value (p, 0) = sum over c of left(p, c) * right(p, c): X(p, c) = weight(p, 0) * left(p, c), Y(p, c) = right(p, c).</summary>
internal sealed class RowProduct(GridView left, GridView right) : ProductTerm(left, right, left.Positions, left.Channels)
{
    internal override void AddElements(in GridWeights weights, FeltArray leftNumbers, FeltArray rightNumbers, ExtArray x, ExtArray y)
    {
        for (var p = 0; p < Left.Positions; p++)
        {
            var element = Elements.Base + (p * Elements.Width);
            ExtKernels.AddScaled(x, element, weights.Row(p) * weights.Column(0), leftNumbers, p * Left.Channels, Left.Channels);
            ExtKernels.AddScaled(y, element, Ext4.One, rightNumbers, p * Left.Channels, Left.Channels);
        }
    }

    internal override GridWeights LeftWeights(in GridWeights weights, EqPoint s, GridRoom room)
    {
        var (eq, rows) = (s.Of(Elements), room.TakeRows(Left.Positions));
        ExtKernels.AddProducts(rows, 0, weights.Rows, weights.FirstRow, eq.Rows, eq.FirstRow, Left.Positions);
        ExtKernels.Scale(rows, weights.Column(0));
        return eq with { Rows = rows, FirstRow = 0 };
    }

    internal override GridWeights RightWeights(in GridWeights weights, EqPoint s, GridRoom room) => s.Of(Elements);

    internal override long ValueAt(Func<int, long> read, int position, int channel)
    {
        var sum = 0L;
        for (var c = 0; c < Left.Channels; c++)
            sum += read(Left.AddressOf(position, c)) * read(Right.AddressOf(position, c));
        return sum;
    }
}
