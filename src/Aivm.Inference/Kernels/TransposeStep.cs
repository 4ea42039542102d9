using System.Runtime.CompilerServices;

namespace Aivm.Inference;

/// <summary>
/// Any permutation of axes. Axes of length 1 go, and neighbours that stay neighbours are one; what is then left is rows that are
/// copied whole, matrices that are transposed, or, where both are small, lines along the longest axis, once for every index of the others.
/// </summary>
internal sealed unsafe class TransposeStep : Step
{
    /// <summary>Elements of a row, or of a matrix on each side, that are worth a loop of their own.</summary>
    private const int LeastLength = 16;

    private readonly Tensor _source;
    private readonly Tensor _destination;

    // Outermost first; the last two are the loop's, or the last one.
    private readonly Axis[] _axes;
    private readonly int _outer;
    private readonly Kind _kind;

    private enum Kind
    {
        Rows,
        Matrices,
        Lines,
    }

    /// <param name="From">Elements of the source from one index to the next.</param>
    /// <param name="To">The same in the result.</param>
    private readonly record struct Axis(int Length, long From, long To);

    public TransposeStep(Tensor source, Tensor destination, ReadOnlySpan<int> permutation)
    {
        (_source, _destination) = (source, destination);
        var axes = Joined(source.Info.Shape, permutation);
        var row = axes[^1];
        var column = axes.Find(axis => axis.From == 1);
        _kind = row == column && row.Length >= LeastLength ? Kind.Rows
            : row != column && Math.Min(row.Length, column.Length) >= LeastLength ? Kind.Matrices
            : Kind.Lines;
        var inner = _kind switch
        {
            Kind.Rows => [row],
            Kind.Matrices => [row, column],
            _ => new[] { axes.MaxBy(axis => axis.Length) },
        };
        _axes = [.. axes.Except(inner), .. inner];
        _outer = _axes.Length - inner.Length;
    }

    public override void Run(byte* memory)
    {
        var from = memory + _source.Block.Offset;
        var to = memory + _destination.Block.Offset;
        switch (ElementTypes.SizeOf(_source.Type))
        {
            case 1:
                Run(from, to, 0);
                break;
            case 2:
                Run((ushort*)from, (ushort*)to, 0);
                break;
            case 4:
                Run((uint*)from, (uint*)to, 0);
                break;
            default:
                Run((ulong*)from, (ulong*)to, 0);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<T>(T* from, T* to, int depth)
        where T : unmanaged
    {
        var axis = _axes[depth];
        if (depth < _outer)
        {
            for (var i = 0; i < axis.Length; i++)
                Run(from + (i * axis.From), to + (i * axis.To), depth + 1);
        }
        else if (_kind == Kind.Rows)
        {
            new ReadOnlySpan<T>(from, axis.Length).CopyTo(new Span<T>(to, axis.Length));
        }
        else if (_kind == Kind.Matrices)
        {
            Matrices.Transpose(from, to, axis.Length, _axes[depth + 1].Length, axis.From, _axes[depth + 1].To);
        }
        else
        {
            CopyLine(from, to, axis);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyLine<T>(T* from, T* to, Axis axis)
        where T : unmanaged
    {
        unchecked
        {
            for (var i = 0; i < axis.Length; i++, from += axis.From, to += axis.To)
                *to = *from;
        }
    }

    /// <summary>The result's axes in order, at least one.</summary>
    private static List<Axis> Joined(Shape shape, ReadOnlySpan<int> permutation)
    {
        var axes = new List<Axis>();
        var to = 1L;
        for (var i = permutation.Length - 1; i >= 0; i--)
        {
            var axis = new Axis(shape[permutation[i]], Axes.Inner(shape, permutation[i]), to);
            to *= axis.Length;
            if (axis.Length == 1)
                continue;
            if (axes.Count > 0 && axes[0].From * axes[0].Length == axis.From)
                axes[0] = axes[0] with { Length = axes[0].Length * axis.Length };
            else
                axes.Insert(0, axis);
        }
        if (axes.Count == 0)
            axes.Add(new Axis(1, 1, 1));
        return axes;
    }
}
