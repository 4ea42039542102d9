using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>
/// y = clamp(T >> shift) where T = Q * 2^LowBits + low has too many values for one table. Q alone decides a class and an offset, the class and low a part:
/// y = offset + part. Inside the interval part = low >> shift, outside part = 0, and where an end lies within one Q, part is cut there. Where the shift
/// takes all of low, part = 0 too, and Q alone decides.
/// </summary>
internal sealed class WideClamp
{
    public const int LowBits = 12;

    private readonly int _shift;
    private readonly Activation.Clamp _clamp;

    public WideClamp(int shift, Activation.Clamp clamp)
    {
        (_shift, _clamp) = (shift, clamp);
        Classes = new ClassTable(this);
        Parts = new PartTable(this);
    }

    /// <summary>Whether parts are always 0: then all such clamps may share one table of them.</summary>
    public bool HasNoParts => _shift >= LowBits;

    public ClassTable Classes { get; }

    public PartTable Parts { get; }

    /// <summary>The Q that covers a result.</summary>
    private int QuotientOf(int result) => result >> (LowBits - _shift);

    /// <summary>How many results one Q covers.</summary>
    private int Step => 1 << (LowBits - _shift);

    private enum Class
    {
        Outside,
        Inside,
        LowEdge,
        HighEdge,
        BothEdges,
    }

    private const int ClassCount = 5;

    /// <summary>The classes that occur, which are all that <see cref="Parts"/> has rows for.</summary>
    private readonly bool[] _occurs = new bool[ClassCount];
    private int _low;
    private int _high = -1;

    /// <summary>The Q of the first row of <see cref="Classes"/>.</summary>
    public int FirstQuotient => _low;

    /// <summary>Widens the interval of Q so that it holds both ends.</summary>
    public void Cover(int low, int high)
    {
        var (before, after) = _high < _low ? (low, low - 1) : (_low, _high);
        (_low, _high) = (Math.Min(before, low), Math.Max(after, high));
        Note(_low, before - 1);
        Note(after + 1, _high);
    }

    private void Note(int first, int last)
    {
        for (var q = first; q <= last; q++)
            _occurs[(int)Classify(q).Class] = true;
    }

    /// <summary>The rows that <see cref="Cover"/> would add, to the table of classes and, at the first time, to that of parts.</summary>
    public int Growth(int low, int high) =>
        _high < _low ? high - low + 1 + (HasNoParts ? 0 : 3 << LowBits) : Math.Max(0, _low - low) + Math.Max(0, high - _high);

    /// <summary>Among the classes that occur, as cells and tables number them.</summary>
    private int NumberOf(Class kind)
    {
        var number = 0;
        for (var before = 0; before < (int)kind; before++)
            number += _occurs[before] ? 1 : 0;
        return number;
    }

    private Class ClassOf(int number)
    {
        var kind = 0;
        while (!_occurs[kind] || number-- > 0)
            kind++;
        return (Class)kind;
    }

    private (Class Class, int Offset) Classify(int q)
    {
        if (HasNoParts)
            return (Class.Outside, Math.Clamp(q >> (_shift - LowBits), _clamp.Low, _clamp.High));
        var (first, last) = ((long)q * Step, ((long)q * Step) + Step - 1);
        if (first > _clamp.High || last < _clamp.Low)
            return (Class.Outside, first > _clamp.High ? _clamp.High : _clamp.Low);
        var (cutsLow, cutsHigh) = (first < _clamp.Low, last > _clamp.High);
        var kind = cutsLow ? (cutsHigh ? Class.BothEdges : Class.LowEdge) : cutsHigh ? Class.HighEdge : Class.Inside;
        return (kind, (int)first);
    }

    private int PartOf(Class kind, int low)
    {
        var part = low >> _shift;
        return kind switch
        {
            Class.Outside => 0,
            Class.LowEdge => Math.Max(part, Modulo(_clamp.Low)),
            Class.HighEdge => Math.Min(part, Modulo(_clamp.High)),
            Class.BothEdges => Math.Clamp(part, Modulo(_clamp.Low), Modulo(_clamp.High)),
            _ => part,
        };
    }

    private int Modulo(int end) => end & (Step - 1);

    /// <summary>Class, part and result of an accumulator's two parts.</summary>
    public (int Class, int Part, int Result) Apply(int q, int low)
    {
        var (kind, offset) = Classify(q);
        var part = PartOf(kind, low);
        return (NumberOf(kind), part, offset + part);
    }

    /// <summary>Rows (Q, class, offset).</summary>
    internal sealed class ClassTable(WideClamp owner) : LookupTable
    {
        public override int Rows => owner._high - owner._low + 1;

        public override int Columns => 3;

        public override int Entry(int row, int column)
        {
            if (column == 0)
                return owner._low + row;
            var (kind, offset) = owner.Classify(owner._low + row);
            return column == 1 ? owner.NumberOf(kind) : offset;
        }

        public override int EntryWork => 2;

        public override void CopyColumn(int column, Span<int> rows)
        {
            if (column == 0)
            {
                Count(owner._low, rows);
                return;
            }
            // Most rows lie outside of the interval, and are alike on each side of it.
            var (first, last) = owner.HasNoParts ? (owner._low, owner._high) : (owner.QuotientOf(owner._clamp.Low), owner.QuotientOf(owner._clamp.High));
            var (before, behind) = (Math.Clamp(first - owner._low, 0, rows.Length), Math.Clamp(last + 1 - owner._low, 0, rows.Length));
            var outside = owner.NumberOf(Class.Outside);
            rows[..before].Fill(column == 1 ? outside : owner._clamp.Low);
            rows[behind..].Fill(column == 1 ? outside : owner._clamp.High);
            for (var row = before; row < behind; row++)
                rows[row] = Entry(row, column);
        }

        public override int RowOf(ReadOnlySpan<int> tuple)
        {
            var row = (long)tuple[0] - owner._low;
            if (row < 0 || row >= Rows)
                return -1;
            var (kind, offset) = owner.Classify(tuple[0]);
            return tuple[1] == owner.NumberOf(kind) && tuple[2] == offset ? (int)row : -1;
        }
    }

    /// <summary>Rows (class, low, part).</summary>
    internal sealed class PartTable(WideClamp owner) : LookupTable
    {
        private int Classes => owner._occurs.AsSpan().Count(true);

        public override int Rows => Classes << LowBits;

        public override int Columns => 3;

        public override int Entry(int row, int column)
        {
            var (number, low) = (row >> LowBits, row & ((1 << LowBits) - 1));
            return column switch { 0 => number, 1 => low, _ => owner.PartOf(owner.ClassOf(number), low) };
        }

        public override int RowOf(ReadOnlySpan<int> tuple) =>
            tuple[0] >= 0 && tuple[0] < Classes && tuple[1] >= 0 && tuple[1] < 1 << LowBits && owner.PartOf(owner.ClassOf(tuple[0]), tuple[1]) == tuple[2]
                ? (tuple[0] << LowBits) + tuple[1]
                : -1;
    }
}
