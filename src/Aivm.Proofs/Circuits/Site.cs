using System.Collections.Immutable;

namespace Aivm.Proofs;

/// <summary>Factor * term, or the factor alone: a summand of what a site says in each of its cells.</summary>
/// <param name="Entry">Of a lookup's tuple, 0 being the tag; 0 for equalities.</param>
/// <param name="Term">None means 1.</param>
/// <param name="Factors">One for all channels, or one for each.</param>
internal sealed record Summand(int Entry, Expression? Term, ImmutableArray<Felt> Factors)
{
    public Felt FactorOf(int channel) => Factors.Length == 1 ? Factors[0] : Factors[channel];
}

/// <summary>A term of a kind where a site sums it up.</summary>
internal readonly record struct PlacedTerm<T>(Site Site, Summand Summand, T Term)
    where T : Expression;

/// <summary>
/// A storage's cells as they are, which a site sums up with one factor: most terms of large circuits. Evaluating them takes no more than these numbers.
/// </summary>
/// <param name="GridBase">Of the site's grid, whose shape is the storage's.</param>
/// <param name="Positions">Where rows have no gaps between them, as few as there may be: two are taken for one as long as both begin at a multiple of their length.</param>
internal readonly record struct PlainCells(bool IsLookup, int Entry, Felt Factor, int GridBase, int CellsBase, int Positions, int Channels)
{
    /// <summary>Null for any other term.</summary>
    public static PlainCells? Of(PlacedTerm<Term> placed) =>
        placed is (var site, { Factors: [var factor] } summand, TapTerm { IsPlain: true, Source.Whole: { } cells })
            ? new PlainCells(site is LookupSite, summand.Entry, factor, site.Grid.Base, cells.Base, cells.Positions, cells.Channels).Joined()
            : null;

    private PlainCells Joined()
    {
        var joined = this;
        while (int.IsPow2(joined.Channels) && joined.Positions % 2 == 0 && (GridBase | CellsBase) % (2 * joined.Channels) == 0)
            joined = joined with { Positions = joined.Positions / 2, Channels = 2 * joined.Channels };
        return joined;
    }
}

/// <summary>The same constant in each of some cells, which are neighbours: of several sites, where these are.</summary>
internal readonly record struct PlainConstant(bool IsLookup, int Entry, Felt Factor, int First, int Count)
{
    /// <summary>Null where channels have constants of their own, or rows have gaps between them.</summary>
    public static PlainConstant? Of(Site site, Summand summand) =>
        site.Grid.Channels == site.Grid.Width && summand is { Term: null, Factors: [var factor] }
            ? new(site is LookupSite, summand.Entry, factor, site.Grid.Base, site.Grid.Positions * site.Grid.Width)
            : null;

    public static List<PlainConstant> Joined(IEnumerable<PlainConstant> constants)
    {
        var joined = new List<PlainConstant>();
        foreach (var next in constants.OrderBy(constant => (constant.IsLookup, constant.Entry, constant.Factor.Montgomery, constant.First)))
            if (joined.Count > 0 && next == joined[^1] with { First = joined[^1].First + joined[^1].Count, Count = next.Count })
                joined[^1] = joined[^1] with { Count = joined[^1].Count + next.Count };
            else
                joined.Add(next);
        return joined;
    }
}

/// <summary>
/// The same statement in each cell of a grid. Cell (p, c) has the index Base + p * Width + c in the vector of all statements of its kind.
/// </summary>
internal abstract class Site(string name, int positions, int channels, ImmutableArray<Summand> summands)
{
    /// <summary>For messages and tests.</summary>
    public string Name { get; } = name;

    /// <summary>Where its indices lie: a rectangle like those of cells. At 0 until the circuit is whole.</summary>
    public Storage Grid { get; private set; } = new(0, positions, channels);

    /// <summary>Takes a place behind others, at the next multiple of its width.</summary>
    /// <returns>The first index behind it.</returns>
    public int Place(int first)
    {
        Grid = Grid with { Base = (first + Grid.Width - 1) & -Grid.Width };
        return Grid.End;
    }

    public ImmutableArray<Summand> Summands { get; } = summands;
}

/// <summary>In every cell: the tuple of the summands' sums, entry by entry, is a row of the channel's table.</summary>
internal sealed class LookupSite(
    string name, int positions, int channels, ImmutableArray<Summand> summands, ImmutableArray<LookupTable> tables)
    : Site(name, positions, channels, summands)
{
    /// <summary>One for all channels, or one for each.</summary>
    public ImmutableArray<LookupTable> Tables { get; } = tables;

    public LookupTable TableOf(int channel) => Tables.Length == 1 ? Tables[0] : Tables[channel];
}

/// <summary>In every cell: the sum of the summands is zero.</summary>
internal sealed class EqualitySite(string name, int positions, int channels, ImmutableArray<Summand> summands)
    : Site(name, positions, channels, summands);
