using System.Globalization;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Circuits;

/// <summary>Factor * left, or factor * left * right, of what addresses hold.</summary>
internal readonly record struct Monomial(long Factor, int Left, int? Right);

/// <summary>Addresses of private weights: below 0, so that they are no cell's.</summary>
internal static class WeightAddress
{
    /// <param name="place">In the oracle of weights.</param>
    public static int Of(int place) => ~place;

    public static bool Is(int address) => address < 0;

    public static int PlaceOf(int address) => ~address;
}

/// <summary>
/// What a site says of an entry in one cell of its grid, written out: modulo p the monomials and the constant add up to <see cref="Scale"/> times that entry
/// of a table's row, or to 0. What is divided in the field has its power of two on the table's side, as the gadget has it.
/// </summary>
internal sealed record Statement(Monomial[] Monomials, long Constant, long Scale, LookupTable? Table, int Column)
{
    /// <summary>The entry that the row must have, or what must be 0.</summary>
    public int EntryOf(Func<int, long> read)
    {
        var sum = Felt.From(Constant);
        foreach (var (factor, left, right) in Monomials)
            sum += Felt.From(factor) * Felt.From(read(left)) * (right is { } other ? Felt.From(read(other)) : Felt.One);
        return (int)Centred(sum * Felt.From(Scale).Inverse());
    }

    /// <summary>The same modulo p: a power of two above p / 2, say, as itself, and not less p.</summary>
    public Statement WithOtherFactors() => this with
    {
        Monomials = [.. Monomials.Select(each => Math.Abs(each.Factor) > Felt.Modulus / 4 ? each with { Factor = each.Factor - (Math.Sign(each.Factor) * (long)Felt.Modulus) } : each)],
    };

    public static long Centred(Felt element) => element.ToUInt32() is var number && number > Felt.Modulus / 2 ? (long)number - Felt.Modulus : number;

    /// <summary>The value of the graph that a site belongs to: -1 of inputs, and above all of outputs.</summary>
    public static int ValueOf(Site site) => site.Name.Split(' ', ',') switch
    {
        ["value", var number, ..] => int.Parse(number, CultureInfo.InvariantCulture),
        ["input", ..] => -1,
        _ => int.MaxValue,
    };

    public static IEnumerable<(int Position, int Channel)> CellsOf(Site site) =>
        from position in Enumerable.Range(0, site.Grid.Positions)
        from channel in Enumerable.Range(0, site.Grid.Channels)
        select (position, channel);
}

/// <summary>What a circuit's sites say, cell by cell.</summary>
internal sealed class Statements
{
    /// <summary>By lookup, and channel: what its first entry is divided by in the field.</summary>
    private readonly Dictionary<LookupSite, Func<int, long>> _divisors = [];

    public Statements(Circuit circuit)
    {
        foreach (var gadget in circuit.Gadgets)
            switch (gadget)
            {
                case RequantiseGadget g:
                    _divisors[g.FunctionSite] = channel => 1L << g.Cuts[g.Cuts.Length == 1 ? 0 : channel].Bits;
                    break;
                case WideClampGadget g:
                    _divisors[g.ClassSite] = _ => 1L << WideClamp.LowBits;
                    break;
                case SoftmaxGadget { Index: null } g:
                    _divisors[g.Row] = _ => 1L << g.Table.Shift;
                    break;
            }
    }

    /// <summary>All entries of a site's cell.</summary>
    public Statement[] Of(Site site, int position, int channel)
    {
        if (site is not LookupSite lookup)
            return [Of(site, 0, position, channel, null)];
        var table = lookup.TableOf(channel);
        return [.. Enumerable.Range(1, table.Columns).Select(entry => Of(site, entry, position, channel, table))];
    }

    private Statement Of(Site site, int entry, int position, int channel, LookupTable? table)
    {
        var (monomials, constant) = (new List<(Felt Factor, int Left, int? Right)>(), Felt.Zero);
        foreach (var summand in site.Summands.Where(summand => summand.Entry == entry))
            if (summand.Term is null)
                constant += summand.FactorOf(channel);
            else
                monomials.AddRange(MonomialsOf(summand.Term, position, channel).Select(each => (summand.FactorOf(channel) * Felt.From(each.Factor), each.Left, each.Right)));
        var scale = entry == 1 && site is LookupSite lookup && _divisors.TryGetValue(lookup, out var divisor) ? divisor(channel) : 1;
        return new Statement(
            [.. monomials.Select(each => new Monomial(Statement.Centred(each.Factor * Felt.From(scale)), each.Left, each.Right))], Statement.Centred(constant * Felt.From(scale)), scale, table, entry - 1);
    }

    /// <summary>Products read their factors in turn, and the others are linear; what is a private weight times a cell is a product too.</summary>
    private static IEnumerable<Monomial> MonomialsOf(Expression term, int position, int channel)
    {
        if (term is Term { ReadsWeights: true } weighed)
            return weighed.WeightsAt(position, channel).Select(each => WeightAddress.Of(each.Weight) is var weight && each.Address is { } read ? new Monomial(1, read, weight) : new Monomial(1, weight, null));
        var read = new List<int>();
        term.ValueAt(Note, position, channel);
        return term is ProductTerm
            ? Enumerable.Range(0, read.Count / 2).Select(i => new Monomial(1, read[2 * i], read[(2 * i) + 1]))
            : [.. read.Select((address, i) => new Monomial(FactorOf(i), address, null))];

        long Note(int address)
        {
            read.Add(address);
            return 0;
        }

        long FactorOf(int wanted)
        {
            var number = 0;
            return term.ValueAt(_ => number++ == wanted ? 1 : 0, position, channel);
        }
    }
}
