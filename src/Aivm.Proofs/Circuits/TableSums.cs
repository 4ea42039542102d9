using System.Collections.Immutable;

namespace Aivm.Proofs;

/// <summary>
/// What a verifier knows of the sum over all tables' rows of weight * entry without reading them. Most columns are made of a few long lines (counts, flags,
/// what a function is where it saturates), over each of which the sum is a formula. The rows in between are read.
/// </summary>
internal sealed class TableSums
{
    /// <summary>Rows that take as long to read as the two ends of a line.</summary>
    private const int LeastLine = 1 << 10;

    private TableSums(int[] ends, ImmutableArray<Line> lines, ImmutableArray<Run> runs) => (Ends, Lines, Runs) = (ends, lines, runs);

    /// <summary>Entry number <paramref name="Entry"/> of the rows from one end to another: <paramref name="AtZero"/> + <paramref name="Step"/> * row.</summary>
    /// <param name="From">Of <see cref="Ends"/>, like <paramref name="To"/>.</param>
    public readonly record struct Line(int Entry, int From, int To, Felt AtZero, Felt Step);

    /// <summary>Entry number <paramref name="Entry"/> of so many rows, which have to be read.</summary>
    public readonly record struct Run(int Entry, int First, int Count);

    /// <summary>Rows where a line begins or is past, ascending.</summary>
    public int[] Ends { get; }

    /// <summary>Those that are not 0.</summary>
    public ImmutableArray<Line> Lines { get; }

    /// <summary>In ascending order of entries.</summary>
    public ImmutableArray<Run> Runs { get; }

    public sealed class Builder
    {
        private readonly List<(int Entry, int First, int Count, int Start, long Step)> _lines = [];
        private readonly List<Run> _runs = [];

        /// <summary>Cuts a table's column into lines and what is left.</summary>
        /// <param name="entry">Ascending from call to call; within one, so is <paramref name="firstRow"/>.</param>
        public void Add(int entry, int firstRow, ReadOnlySpan<int> column)
        {
            var told = 0;
            for (var (first, next) = (0, 0); first < column.Length; first = next)
            {
                var step = first + 1 < column.Length ? (long)column[first + 1] - column[first] : 0;
                for (next = first + 1; next < column.Length && (long)column[next] - column[next - 1] == step;)
                    next++;
                if (next - first < LeastLine)
                    continue;
                AddRun(entry, firstRow + told, first - told);
                if (column[first] != 0 || step != 0)
                    _lines.Add((entry, firstRow + first, next - first, column[first], step));
                told = next;
            }
            AddRun(entry, firstRow + told, column.Length - told);
        }

        private void AddRun(int entry, int first, int count)
        {
            if (count == 0)
                return;
            if (_runs.Count > 0 && _runs[^1] is var last && last.Entry == entry && last.First + last.Count == first)
                _runs[^1] = last with { Count = last.Count + count };
            else
                _runs.Add(new(entry, first, count));
        }

        public TableSums Build()
        {
            int[] ends = [.. _lines.SelectMany(line => (int[])[line.First, line.First + line.Count]).Distinct().Order()];
            int EndOf(int row) => Array.BinarySearch(ends, row);
            return new(
                ends,
                [.. _lines.Select(line => new Line(
                    line.Entry, EndOf(line.First), EndOf(line.First + line.Count), Felt.From(line.Start - (line.Step * line.First)), Felt.From(line.Step)))],
                [.. _runs]);
        }
    }
}
