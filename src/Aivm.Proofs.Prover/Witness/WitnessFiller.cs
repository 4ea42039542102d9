using Aivm.Inference;
using Aivm.Primitives;

namespace Aivm.Proofs.Prover;

/// <summary>Fills a circuit's cells: accumulators come from the engine's kernels, everything else follows from them, gadget by gadget.</summary>
internal sealed class WitnessFiller
{
    private readonly Circuit _circuit;
    private readonly AccumulatorTrace _trace;
    private readonly Dictionary<int, Gadget> _gadgetOfValue;
    private readonly int _threads;

    private int[] _accumulators = [];
    private Witness? _kept;

    private WitnessFiller(Circuit circuit, AccumulatorTrace trace, int threads)
    {
        (_circuit, _trace, _threads) = (circuit, trace, threads);
        _gadgetOfValue = circuit.Gadgets.Where(gadget => gadget is RequantiseGadget or WideClampGadget or RawGadget).ToDictionary(gadget => gadget.Value);
    }

    /// <param name="graph">The circuit's, with its weights.</param>
    /// <param name="threads">Changes nothing but the time.</param>
    public static bool TryCreate(Circuit circuit, Graph graph, out WitnessFiller filler, out Error error, int threads = 1)
    {
        filler = AccumulatorTrace.TryCreate(graph, Simd.Level, out var trace, out error) ? new WitnessFiller(circuit, trace, threads) : null!;
        return filler is not null;
    }

    /// <param name="inputs">All inputs of a sample, sample after sample: accepted by the model's own run.</param>
    public Witness Fill(ReadOnlySpan<long> inputs, PublicNumbers.Room publicNumbers)
    {
        var witness = _kept ?? new Witness(_circuit, _threads);
        _kept = null;
        witness.Begin(publicNumbers);
        foreach (var gadget in _circuit.Gadgets)
            NameEntries(gadget, witness);
        var length = inputs.Length / _circuit.Samples;
        for (var sample = 0; sample < _circuit.Samples; sample++)
        {
            var number = sample;
            _trace.Run(inputs.Slice(sample * length, length), (value, accumulators, channelsLast) => FillRequantised(value, number, accumulators, channelsLast, witness));
        }
        _circuit.LayOutInputs(inputs).CopyTo(witness.InputCells, 0);
        foreach (var gadget in _circuit.Gadgets.OfType<PrivateInputGadget>())
            WideFiller.Look(gadget.Sites, witness);
        foreach (var gadget in _circuit.Gadgets)
            FillDerived(gadget, witness);
        Parts.Each(_threads, witness.Filled.Count, (part, i) => WideFiller.LookUp(witness.Filled[i], witness, witness.CountsOf(part)));
        witness.JoinCounts();
        return witness;
    }

    /// <summary>Takes back a witness that nobody reads any more: the next is filled in its memory.</summary>
    public void Keep(Witness witness) => _kept = witness;

    /// <summary>Entries that are storages need no copy.</summary>
    private static void NameEntries(Gadget gadget, Witness witness)
    {
        switch (gadget)
        {
            case RequantiseGadget g:
                for (var part = 0; part < g.Parts.Length; part++)
                    witness.SetEntry(g.PartSites[part], 1, g.Parts[part]);
                witness.NewEntry(g.FunctionSite, 1);
                witness.SetEntry(g.FunctionSite, 2, g.Result);
                break;
            case WideClampGadget g:
                witness.SetEntry(g.PartSite, 1, g.Class);
                witness.SetEntry(g.PartSite, 2, g.Low);
                witness.SetEntry(g.PartSite, 3, g.Part);
                witness.NewEntry(g.ClassSite, 1);
                witness.SetEntry(g.ClassSite, 2, g.Class);
                witness.NewEntry(g.ClassSite, 3);
                break;
        }
    }

    private void FillRequantised(int value, int sample, ReadOnlySpan<int> accumulators, bool channelsLast, Witness witness)
    {
        if (_accumulators.Length < accumulators.Length)
            _accumulators = new int[accumulators.Length];
        accumulators.CopyTo(_accumulators);
        var sums = new SampleSums(_accumulators, channelsLast ? GridShape.OfImage(_circuit.ShapeOf(value)) : null, _circuit.GridOf(value));
        switch (_gadgetOfValue.GetValueOrDefault(value))
        {
            case RequantiseGadget g:
                Fill(g, sample, sums, witness);
                break;
            case WideClampGadget g:
                Fill(g, sample, sums, witness);
                break;
            case RawGadget g:
                Fill(g, sample, sums, witness);
                break;
        }
    }

    /// <summary>One sample's accumulators by position and channel.</summary>
    /// <param name="image">Where the sums are [position, channel] of an image; null where they are in the value's own order.</param>
    private readonly struct SampleSums(int[] sums, GridShape? image, GridShape grid)
    {
        private readonly bool _isInOrder = grid == image || (image is null && !grid.ChannelsOutermost);

        /// <param name="position">Of the value's grid, like <paramref name="channel"/>.</param>
        public int At(int position, int channel)
        {
            if (_isInOrder)
                return sums[(position * grid.Channels) + channel];
            var element = grid.ElementOf(position, channel);
            return image is { } pixels ? sums[(element % pixels.Positions * pixels.Channels) + (element / pixels.Positions)] : sums[element];
        }
    }

    /// <summary>How one channel's accumulators are cut, and where its tables' rows are counted.</summary>
    private readonly record struct Cut(Rescaling Rescaling, int Bits, int[] Values, int FirstQuotient, int FunctionRow, int[] PartRows);

    private void Fill(RequantiseGadget g, int sample, SampleSums sums, Witness witness)
    {
        var (positions, channels, width) = (g.Result.Positions / _circuit.Samples, g.Result.Channels, g.Result.Width);
        var (cells, quotients, result) = (witness.Cells, witness.NewEntry(g.FunctionSite, 1), g.Result.Base);
        var cuts = Array.ConvertAll(Enumerable.Range(0, channels).ToArray(), c => CutOf(g, c));
        witness.ForPositions(positions, channels, (thread, first, count) =>
        {
            var counts = witness.CountsOf(thread);
            for (var p = first; p < first + count; p++)
                for (var c = 0; c < channels; c++)
                {
                    ref readonly var cut = ref cuts[c];
                    var cell = (((sample * positions) + p) * width) + c;
                    var sum = (int)cut.Rescaling.Apply(sums.At(p, c));
                    var row = (sum >> cut.Bits) - cut.FirstQuotient;
                    quotients[cell] = sum >> cut.Bits;
                    cells[result + cell] = cut.Values[row];
                    counts[cut.FunctionRow + row]++;
                    var rest = sum & ((1 << cut.Bits) - 1);
                    for (var part = 0; part < g.Parts.Length; part++, rest >>= CircuitBuilder.PartBits)
                    {
                        var low = part == g.Parts.Length - 1 ? rest : rest & ((1 << CircuitBuilder.PartBits) - 1);
                        cells[g.Parts[part].Base + cell] = low;
                        counts[cut.PartRows[part] + low]++;
                    }
                }
        });
    }

    private static Cut CutOf(RequantiseGadget g, int channel)
    {
        var (rescaling, bits) = g.Cuts[g.Cuts.Length == 1 ? 0 : channel];
        var function = (FunctionTable)g.FunctionSite.TableOf(channel);
        return new Cut(rescaling, bits, function.Values, function.Low, function.FirstRow, [.. g.PartSites.Select(site => site.TableOf(channel).FirstRow)]);
    }

    private void Fill(WideClampGadget g, int sample, SampleSums sums, Witness witness)
    {
        var (positions, channels, width) = (g.Result.Positions / _circuit.Samples, g.Result.Channels, g.Result.Width);
        var (cells, quotients, offsets) = (witness.Cells, witness.NewEntry(g.ClassSite, 1), witness.NewEntry(g.ClassSite, 3));
        var tables = Array.ConvertAll(Enumerable.Range(0, channels).ToArray(), c => (Class: g.ClassSite.TableOf(c).FirstRow, Part: g.PartSite.TableOf(c).FirstRow));
        witness.ForPositions(positions, channels, (thread, first, count) =>
        {
            var counts = witness.CountsOf(thread);
            for (var p = first; p < first + count; p++)
                for (var c = 0; c < channels; c++)
                {
                    var cell = (((sample * positions) + p) * width) + c;
                    var (rescaling, clamp) = g.Clamps[g.Clamps.Length == 1 ? 0 : c];
                    var sum = (int)rescaling.Apply(sums.At(p, c));
                    var (quotient, low) = (sum >> WideClamp.LowBits, sum & ((1 << WideClamp.LowBits) - 1));
                    var (kind, part, result) = clamp.Apply(quotient, low);
                    (quotients[cell], offsets[cell]) = (quotient, result - part);
                    (cells[g.Low.Base + cell], cells[g.Class.Base + cell], cells[g.Part.Base + cell], cells[g.Result.Base + cell]) = (low, kind, part, result);
                    counts[tables[c].Class + quotient - clamp.FirstQuotient]++;
                    counts[tables[c].Part + (kind << WideClamp.LowBits) + low]++;
                }
        });
    }

    private void Fill(RawGadget g, int sample, SampleSums sums, Witness witness)
    {
        var (positions, channels) = (g.Result.Positions / _circuit.Samples, g.Result.Channels);
        for (var p = 0; p < positions; p++)
            for (var c = 0; c < channels; c++)
                witness.Cells[g.Result.Base + (((sample * positions) + p) * g.Result.Width) + c] =
                    sums.At(p, c) << (g.Requantise.MaxShift - g.Requantise.ShiftOf(c));
    }

    private static void FillDerived(Gadget gadget, Witness witness)
    {
        switch (gadget)
        {
            case MaxPoolGadget g:
                FillMaxPool(g, witness);
                break;
            case MapGadget g:
                FillMap(g, witness);
                break;
            case EmbeddingGadget g:
                FillEmbedding(g, witness);
                break;
            case SumGadget g:
                WideFiller.Fill(g, witness);
                break;
            case CarryGadget g:
                WideFiller.Fill(g, witness);
                break;
            case InterpolateGadget g:
                ClassicalFiller.Fill(g, witness);
                break;
            case InterpolatedGadget g:
                ClassicalFiller.Fill(g, witness);
                break;
            case TreeGadget g:
                ClassicalFiller.Fill(g, witness);
                break;
            case ArgMaxGadget g:
                ClassicalFiller.Fill(g, witness);
                break;
            case ClampGadget g:
                EntryFiller.Fill(g, witness);
                break;
            case RankGadget g:
                EntryFiller.Fill(g, witness);
                break;
            case VariantGadget g:
                EntryFiller.Fill(g, witness);
                break;
            case SoftmaxGadget g:
                RowFiller.Fill(g, witness);
                break;
            case QuotientGadget g:
                RowFiller.Fill(g, witness);
                break;
            case OutsideGadget g:
                RowFiller.Fill(g, witness);
                break;
            case SignGadget g:
                NormFiller.Fill(g, witness);
                break;
            case NormGadget g:
                NormFiller.Fill(g, witness);
                break;
            case NormSignGadget g:
                NormFiller.Fill(g, witness);
                break;
            case LayerNormGadget g:
                RowFiller.Fill(g, witness);
                break;
            case MaxGadget g:
                RowFiller.Fill(g, witness);
                break;
            case WhereGadget g:
                RowFiller.Fill(g, witness);
                break;
            case CompareGadget g:
                RowFiller.Fill(g, witness);
                break;
            case FarComparisonGadget g:
                RowFiller.Fill(g, witness);
                break;
        }
    }

    private static void FillMaxPool(MaxPoolGadget g, Witness witness)
    {
        // Made before threads ask for them.
        foreach (var site in g.Sites)
        {
            witness.NewEntry(site, 1);
            witness.NewEntry(site, 2);
        }
        witness.ForPositions(g.Stages[^1].Positions, g.Stages[^1].Channels, (thread, first, count) => FillMaxPool(g, first, count, witness, witness.CountsOf(thread)));
    }

    private static void FillMaxPool(MaxPoolGadget g, int from, int count, Witness witness, Span<int> counts)
    {
        var (source, result) = (g.Source, g.Stages[^1]);
        var perSample = result.Positions / source.Samples;
        Span<int> row = stackalloc int[2];
        for (var tap = 1; tap < g.Maps.Length; tap++)
        {
            var (site, stage) = (g.Sites[tap - 1], g.Stages[tap - 1]);
            var (differences, rises) = (witness.NewEntry(site, 1), witness.NewEntry(site, 2));
            for (var p = from; p < from + count; p++)
            {
                var first = p / perSample * source.PositionsPerSample;
                for (var c = 0; c < result.Channels; c++)
                {
                    var cell = (p * result.Width) + c;
                    var running = tap == 1
                        ? (int)witness.Read(source.AddressOf(first + g.Maps[0][p % perSample], c))
                        : witness.Cells[g.Stages[tap - 2].Base + cell];
                    var difference = (int)witness.Read(source.AddressOf(first + g.Maps[tap][p % perSample], c)) - running;
                    var rise = Math.Max(difference, 0);
                    (differences[cell], rises[cell], witness.Cells[stage.Base + cell]) = (difference, rise, running + rise);
                    (row[0], row[1]) = (difference, rise);
                    CountRow(site.TableOf(c), row, counts);
                }
            }
        }
    }

    private static void FillMap(MapGadget g, Witness witness)
    {
        var arguments = witness.NewEntry(g.Site, 1);
        witness.SetEntry(g.Site, 2, g.Result);
        witness.ForPositions(g.Result.Positions, g.Result.Channels, (thread, first, count) =>
        {
            var counts = witness.CountsOf(thread);
            for (var p = first; p < first + count; p++)
                for (var c = 0; c < g.Result.Channels; c++)
                {
                    var cell = (p * g.Result.Width) + c;
                    var (argument, function) = ((int)witness.Read(g.Source.AddressOf(p, c)), (FunctionTable)g.Site.TableOf(c));
                    (arguments[cell], witness.Cells[g.Result.Base + cell]) = (argument, function.Values[argument - function.Low]);
                    counts[function.FirstRow + argument - function.Low]++;
                }
        });
    }

    private static void FillEmbedding(EmbeddingGadget g, Witness witness)
    {
        var places = witness.NewEntry(g.Site, 1);
        witness.SetEntry(g.Site, 2, g.Result);
        for (var p = 0; p < g.Result.Positions; p++)
            for (var c = 0; c < g.Result.Channels; c++)
            {
                var cell = (p * g.Result.Width) + c;
                places[cell] = ((int)witness.Read(g.Source.AddressOf(p, c)) * g.Result.Channels) + c;
                witness.Cells[g.Result.Base + cell] = g.Rows.At(places[cell]);
                witness.Count(g.Site.TableOf(c), places[cell]);
            }
    }

    /// <exception cref="InvalidOperationException">The circuit and the engine disagree, which no input may bring about.</exception>
    private static void CountRow(LookupTable table, ReadOnlySpan<int> tuple, Span<int> counts)
    {
        var row = table.RowOf(tuple);
        if (row < 0)
            throw new InvalidOperationException($"No row of table {table.Tag} is ({string.Join(", ", tuple.ToArray())}).");
        counts[table.FirstRow + row]++;
    }
}
