using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Circuits;

public sealed class TableSumsTests
{
    /// <summary>Long lines and short ones, numbers without order, steps up and down, columns that are 0: as tables have them, and worse.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Lines_and_rows_to_read_are_all_entries_that_are_not_zero(int seed)
    {
        var random = new Random(seed);
        var builder = new TableSums.Builder();
        var columns = new List<(int Entry, int First, int[] Numbers)>();
        for (var entry = 0; entry < 3; entry++)
            for (var (table, first) = (0, 0); table < 4; table++)
            {
                int[] numbers = [.. Enumerable.Range(0, random.Next(1, 6)).SelectMany(_ => Piece(random))];
                columns.Add((entry, first, numbers));
                builder.Add(entry, first, numbers);
                first += numbers.Length + random.Next(70);
            }
        var sums = builder.Build();

        var told = new Dictionary<(int Entry, int Row), Felt>();
        foreach (var line in sums.Lines)
            for (var row = sums.Ends[line.From]; row < sums.Ends[line.To]; row++)
                told.Add((line.Entry, row), line.AtZero + (line.Step * Felt.From(row)));
        var read = new HashSet<(int Entry, int Row)>();
        foreach (var (entry, first, count) in sums.Runs)
            for (var row = first; row < first + count; row++)
                Assert.True(read.Add((entry, row)));
        foreach (var (entry, first, numbers) in columns)
            for (var i = 0; i < numbers.Length; i++)
                if (!read.Contains((entry, first + i)))
                    Assert.Equal(Felt.From(numbers[i]), told.GetValueOrDefault((entry, first + i)));
        Assert.Empty(read.Intersect(told.Keys));
        Assert.NotEmpty(told);
        Assert.NotEmpty(read);
        Assert.Equal(sums.Ends.Distinct().Order(), sums.Ends);
    }

    private static IEnumerable<int> Piece(Random random)
    {
        var (start, length) = (random.Next(-5000, 5000), random.Next(4) == 0 ? random.Next(1, 40) : random.Next(900, 3000));
        return random.Next(5) switch
        {
            0 => Enumerable.Repeat(0, length),
            1 => Enumerable.Repeat(start, length),
            2 => Enumerable.Range(start, length),
            3 => Enumerable.Range(0, length).Select(i => start - (3 * i)),
            _ => [.. Enumerable.Range(0, length).Select(_ => random.Next(-1000, 1000))],
        };
    }

    [Fact]
    public void Rows_of_a_function_that_saturates_are_not_read()
    {
        var function = new FunctionTable(q => Math.Clamp(q, -127, 127));
        function.Cover(-20_000, 20_000);
        var numbers = new int[function.Rows];
        function.CopyColumn(1, numbers);
        var builder = new TableSums.Builder();
        builder.Add(2, 64, numbers);
        var sums = builder.Build();
        Assert.Equal(2, sums.Lines.Length);
        // -126 … 127: the ends are of the lines.
        Assert.Equal(254, Assert.Single(sums.Runs).Count);
    }
}
