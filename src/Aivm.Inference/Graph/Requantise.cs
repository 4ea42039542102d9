using System.Collections.Immutable;
using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>What happens to an accumulator: scaling by a shift with rounding, then the activation.</summary>
/// <remarks>
/// h = (acc + 2^(s-1)) >> s with the channel's shift s (h = acc for s = 0), then y = Activation(h).
/// To <see cref="ElementType.S32"/> there is no rounding and no activation: y = acc * 2^(S - s), S the largest shift, which brings
/// channels of different scales to one.
/// </remarks>
public sealed class Requantise
{
    public const int MaxShiftAllowed = 24;

    private int _maxShift = -1;

    /// <summary>S8, S16 or S32.</summary>
    public required ElementType Output { get; init; }

    /// <summary>Each 0 to 24: one per output channel, or a single one when they are all equal.</summary>
    public required ImmutableArray<byte> Shifts { get; init; }

    /// <summary>Null exactly when <see cref="Output"/> is S32.</summary>
    public required Activation? Activation { get; init; }

    /// <summary>A single shift, clamped to the whole range of the type.</summary>
    public static Requantise To(ElementType output, int shift) =>
        To(output, [checked((byte)shift)], new Activation.Clamp((int)ElementTypes.MinOf(output), (int)ElementTypes.MaxOf(output)));

    /// <param name="shifts">Equal shifts are folded into one.</param>
    public static Requantise To(ElementType output, ImmutableArray<byte> shifts, Activation activation) =>
        new() { Output = output, Shifts = Fold(shifts), Activation = activation };

    /// <summary>Accumulators as they are, at the scale of the largest shift.</summary>
    public static Requantise Raw(ImmutableArray<byte> shifts) =>
        new() { Output = ElementType.S32, Shifts = Fold(shifts), Activation = null };

    /// <summary>The largest shift: S of the specification. Looked for once: a layer of a million channels asks for it by channel.</summary>
    public int MaxShift => _maxShift < 0 ? _maxShift = Shifts.Max() : _maxShift;

    public int ShiftOf(int channel) => Shifts.Length == 1 ? Shifts[0] : Shifts[channel];

    /// <summary>The table, where the activation has one.</summary>
    internal ImmutableArray<Constant> Constants => Activation is Activation.Table table ? [table.Entries] : [];

    /// <param name="channels">How many shifts there may be; 1 where one shift serves all.</param>
    /// <param name="magnitudes">By channel, or a single one: the largest |acc| before the rounding term.</param>
    internal Inferred Infer(Shape shape, int channels, ReadOnlySpan<long> magnitudes)
    {
        if (CheckShifts(channels) is { } shiftFault)
            return shiftFault;
        var rounding = MaxShift == 0 ? 0 : 1L << (MaxShift - 1);
        var largest = 0L;
        for (var c = 0; c < magnitudes.Length; c++)
        {
            // The first comparison keeps the shift below from overflowing.
            if (magnitudes[c] >= GraphAnalysis.AccumulatorBound
                || (magnitudes[c] << (MaxShift - ShiftOf(c))) + rounding >= GraphAnalysis.AccumulatorBound)
                return Inferred.Bound($"channel {c} may reach {magnitudes[c]} at shift {ShiftOf(c)} of {MaxShift}: over the accumulator bound of 2^29");
            largest = Math.Max(largest, magnitudes[c] << (MaxShift - ShiftOf(c)));
        }
        return InferActivation(shape, largest);
    }

    private Error? CheckShifts(int channels)
    {
        if (Shifts.Length != 1 && (Shifts.Length != channels || Fold(Shifts).Length == 1))
            return Inferred.Field($"{Shifts.Length} shifts for {channels} channels; equal shifts are written once");
        foreach (var shift in Shifts)
            if (shift > MaxShiftAllowed)
                return Inferred.Field($"a shift of {shift}; at most {MaxShiftAllowed}");
        return null;
    }

    private Inferred InferActivation(Shape shape, long largest)
    {
        switch (Output, Activation)
        {
            case (ElementType.S32, null):
                return new ValueInfo(Output, shape, -largest, largest);
            case (ElementType.S8 or ElementType.S16, Activation.Clamp clamp):
                return clamp.Low > clamp.High || clamp.Low < ElementTypes.MinOf(Output) || clamp.High > ElementTypes.MaxOf(Output)
                    ? Inferred.Field($"clamp to [{clamp.Low}, {clamp.High}] in {Output}")
                    : new ValueInfo(Output, shape, clamp.Low, clamp.High);
            case (ElementType.S8 or ElementType.S16, Activation.Table table):
                if (table.Entries.Type != Output)
                    return Inferred.Type($"a table of {table.Entries.Type} for a result of {Output}");
                return Tables.Check(table.Low, table.Entries) is { } fault ? fault : Tables.Range(shape, table.Entries);
            default:
                return Inferred.Type($"requantising to {Output} with {Activation?.GetType().Name ?? "no activation"}");
        }
    }

    private static ImmutableArray<byte> Fold(ImmutableArray<byte> shifts)
    {
        foreach (var shift in shifts)
            if (shift != shifts[0])
                return shifts;
        return [shifts[0]];
    }
}

/// <summary>What is applied to a rescaled accumulator.</summary>
public abstract record Activation
{
    private Activation()
    {
    }

    /// <summary>y = min(max(h, Low), High): identity, ReLU, ReLU6 and Clip.</summary>
    public sealed record Clamp(int Low, int High) : Activation;

    /// <summary>y = Entries[min(max(h, Low), Low + n - 1) - Low] with 1 to 65536 entries of the output's type: any other function.</summary>
    public sealed record Table(int Low, Constant Entries) : Activation;
}

/// <summary>Rules that tables share.</summary>
internal static class Tables
{
    public const int MaxEntries = 1 << 16;

    public static Error? Check(int low, Constant entries)
    {
        if (entries.Shape.Rank != 1 || entries.Count is < 1 or > MaxEntries)
            return Inferred.Shape($"a table of shape {entries.Shape}: 1 to {MaxEntries} entries");
        return Math.Abs((long)low) > GraphAnalysis.AccumulatorBound ? Inferred.Field($"a table from {low}") : null;
    }

    public static ValueInfo Range(Shape shape, Constant entries)
    {
        var (min, max) = entries.Range();
        return new ValueInfo(entries.Type, shape, min, max);
    }

    /// <summary>Checks T of <see cref="InterpolateNode"/> and <see cref="SoftmaxNode"/>.</summary>
    public static Error? CheckInterpolated(int shift, Constant entries)
    {
        if (entries.Type != ElementType.S32)
            return Inferred.Type($"interpolation in {entries.Type}; S32 is needed");
        if (entries.Shape.Rank != 1 || entries.Count is < 1 or > MaxEntries + 1)
            return Inferred.Shape($"a table of shape {entries.Shape}: 1 to {MaxEntries + 1} entries");
        return shift is < 0 or > 31 ? Inferred.Field($"an interpolation shift of {shift}; 0 to 31") : null;
    }
}
