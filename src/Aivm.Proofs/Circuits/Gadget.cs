using System.Collections.Immutable;
using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>What the prover must know to fill the cells that a node of the graph brought into the circuit.</summary>
/// <param name="Value">The number of the value that the node yields.</param>
internal abstract record Gadget(int Value)
{
    /// <summary>Of gadgets that no node brought.</summary>
    protected const int NoValue = -1;
}

/// <summary>T = Q * 2^bits + low and y = f(Q), low in parts of 12 bits.</summary>
/// <param name="Cuts">One, or one for each channel: how T comes from the accumulator, and bits.</param>
/// <param name="PartSites">The range checks of <paramref name="Parts"/>.</param>
internal sealed record RequantiseGadget(
    int Value, (Rescaling Rescaling, int Bits)[] Cuts, Storage[] Parts, Storage Result, LookupSite[] PartSites, LookupSite FunctionSite) : Gadget(Value);

/// <summary>T = Q * 2^12 + low; Q decides the class (inside, outside, or at an edge), and y = offset(Q) + part(class, low).</summary>
/// <param name="Clamps">One, or one for each channel.</param>
internal sealed record WideClampGadget(
    int Value, (Rescaling Rescaling, WideClamp Clamp)[] Clamps, Storage Low, Storage Class, Storage Part, Storage Result, LookupSite ClassSite, LookupSite PartSite) : Gadget(Value);

/// <summary>Accumulators as they are, at the scale of the largest shift.</summary>
internal sealed record RawGadget(int Value, Requantise Requantise, Storage Result) : Gadget(Value);

/// <summary>The maximum of a window, tap by tap: m_k = m_(k-1) + max(x_k - m_(k-1), 0).</summary>
/// <param name="Maps">By tap: the source's position for each position of a sample.</param>
/// <param name="Stages">The running maximum after taps 1, 2, …; the last is the result.</param>
internal sealed record MaxPoolGadget(int Value, GridView Source, int[][] Maps, Storage[] Stages, LookupSite[] Sites) : Gadget(Value);

/// <summary>The numbers of a private input: limbs by position and channel, each with its range check.</summary>
internal sealed record PrivateInputGadget(int Value, GridShape Grid, LimbCut Cut, Storage[] Limbs, LookupSite[] Sites) : Gadget(Value);

/// <summary>The lookups of a limb of private numbers.</summary>
internal sealed record WeightRangeGadget(Storage Place, LookupSite Site) : Gadget(NoValue);

/// <summary>The lookups of private splits: the codes of both edges of each, side by side.</summary>
internal sealed record SplitCodeGadget(Storage Codes, LookupSite Site) : Gadget(NoValue);

/// <summary>The lookups of a layer's committed weights, with their magnitudes: one by one, or two that follow each other with the sum of theirs.</summary>
internal sealed record MagnitudeGadget(Storage Place, Storage Magnitudes, LookupSite Site) : Gadget(NoValue);

/// <summary>By output: its bound less all its magnitudes.</summary>
internal sealed record MagnitudeSumGadget(Storage Magnitudes, long[] Bounds, SlackCells Slack) : Gadget(NoValue);

/// <summary>bound + sign * bias.</summary>
internal sealed record BiasRangeGadget(Storage Place, int Sign, long[] Bounds, SlackCells Slack) : Gadget(NoValue);

/// <summary>Numbers that are not negative, cut into limbs of 12 bits with a range check each.</summary>
internal sealed record SlackCells(Storage[] Limbs, LookupSite[] Sites);

/// <summary>Private rows by index, element by element.</summary>
internal sealed record EmbeddingGadget(int Value, GridView Source, HiddenRows Rows, Storage Result, LookupSite Site) : Gadget(Value);

/// <summary>A function of each element: y = f(x).</summary>
internal sealed record MapGadget(int Value, GridView Source, Storage Result, LookupSite Site) : Gadget(Value);

/// <summary>The sum of numbers, divided by 2^Shift and brought into an interval: what is committed of it besides the result.</summary>
/// <param name="Above">By how much the quotient is above the interval; null where it never is. <paramref name="Slack"/> is then there too.</param>
/// <param name="Inside">What the result is above the interval's lower end.</param>
/// <param name="Slack">What it is below the upper one.</param>
/// <param name="Remainder">Null where nothing is divided.</param>
internal sealed record ClampGadget(
    int Value, ImmutableArray<WideSummand> Sum, int Shift, Int128 Low, Int128 High, GatedNumber? Below, GatedNumber? Above, WideCells Inside, WideCells? Slack, WideCells? Remainder)
    : Gadget(Value);

/// <summary>Ranks of numbers that are committed.</summary>
/// <param name="FromLower">How far a number is above the lower end of what has its rank.</param>
/// <param name="ToUpper">How far below the upper one.</param>
internal sealed record RankGadget(
    int Value, WideNumber Source, RankTable Table, Storage Rank, WideCells Lower, WideCells Upper, WideCells FromLower, WideCells ToUpper, LookupSite Row) : Gadget(Value);

/// <summary>A sample's numbers for the tests of trees, from ranks that are committed.</summary>
/// <param name="Missing">Whether a rank says that the feature is missing; null where none can.</param>
internal sealed record VariantGadget(int Value, TreePaths Paths, CircuitValue Ranks, Storage? Missing, LookupSite? MissingRow, Storage Numbers) : Gadget(Value);

/// <summary>A committed number that is the sum of others.</summary>
internal sealed record SumGadget(int Value, WideCells Result, ImmutableArray<WideSummand> Summands) : Gadget(Value);

/// <summary>What a sum of digits carries: the sum divided by 2^bits.</summary>
internal sealed record CarryGadget(int Value, WideCells Carry, ImmutableArray<Summand> Sum, int Bits) : Gadget(Value);

/// <summary>The index of the largest element along an axis.</summary>
/// <param name="Source">The elements along the axis are the channels.</param>
/// <param name="Before">Whether an element is before the label, all but the last.</param>
/// <param name="Gap">What an element lacks.</param>
internal sealed record ArgMaxGadget(int Value, WideNumber Source, Storage Before, WideCells Largest, WideCells Gap) : Gadget(Value);

/// <summary>Where an element lies between the entries of a table, and what the table says there.</summary>
/// <param name="Digits">Of the offset from an entry to the next, lowest first.</param>
/// <param name="Products">The step to the next entry times each digit.</param>
/// <param name="Below">By how much the element is below the table's interval; null where it never is.</param>
/// <param name="Ranges">The last digit's, where it needs one.</param>
internal sealed record InterpolateGadget(
    int Value, InterpolateNode Node, WideNumber Source, InterpolationTable Table, Storage Index, Storage[] Digits, WideCells[] Products, WideCells Entry,
    GatedNumber? Below, GatedNumber? Above, LookupSite[] Rows, LookupSite[] Ranges) : Gadget(Value);

/// <summary>A number that is zero where a flag is set.</summary>
internal sealed record GatedNumber(Storage Flag, WideCells Number);

/// <summary>What is committed besides limbs that follow: the interpolated element.</summary>
internal sealed record InterpolatedGadget(int Value, InterpolateNode Node, WideNumber Source, WideCells Result) : Gadget(Value);

/// <summary>The paths through all trees.</summary>
/// <param name="Steps">The last one first; channels are trees, the deepest first.</param>
/// <param name="Leaves">By target of a tree: the values of the leaves reached.</param>
internal sealed record TreeGadget(int Value, TreePaths Paths, CircuitValue Ranks, TreeStep[] Steps, WideCells[] Leaves) : Gadget(Value);

/// <summary>One step of all trees that are deep enough.</summary>
/// <param name="Child">The split that it leads to; null for the last step, which leads to a leaf.</param>
internal sealed record TreeStep(Storage? Child, Storage Code, WideCells Gap, LookupSite Edges, LookupSite Ranks);

/// <summary>The exponentials of a softmax: all but what <see cref="SumGadget"/> and <see cref="QuotientGadget"/> fill.</summary>
/// <param name="Chosen">1 at the first of the largest elements of a row.</param>
/// <param name="Source">The scores, or their lowest limbs.</param>
/// <param name="Index">Of the row; null where it is what a lookup divides.</param>
/// <param name="Offset">The distance from the largest element modulo 2^k.</param>
/// <param name="Above">By how much the distance goes beyond the table; null where it never does.</param>
/// <param name="Low">The exponential is Low + 2^12 High.</param>
internal sealed record SoftmaxGadget(
    int Value, ExponentialTable Table, GridView Source, WideNumber Scores, WideCells Largest, Storage Chosen, Storage? Index, WideCells? Offset, GatedNumber? Above, WideCells? Rounded,
    Storage[] Steps, Storage Low, Storage High, LookupSite Row, LookupSite? Rest) : Gadget(Value);

/// <summary>By how much rounded quotients would be beyond -Limit to Limit, times the divisor; and what they are below the upper end.</summary>
internal sealed record OutsideGadget(
    int Value, ImmutableArray<WideSummand> Numerator, WideCells Divisor, long Limit, GatedNumber Below, GatedNumber Above, WideCells Slack) : Gadget(Value);

/// <summary>A number's two signs: it is Plus - Minus, and one of them is 0.</summary>
internal sealed record SignGadget(int Value, WideNumber Source, Storage IsNegative, WideCells Plus, WideCells Minus) : Gadget(Value);

/// <summary>A row's norm: a sum, or the root of one where there are a rest and a slack; and whether it is 0.</summary>
internal sealed record NormGadget(int Value, ImmutableArray<WideSummand> Sum, Storage IsZero, WideCells Norm, WideCells? Rest, WideCells? Slack) : Gadget(Value);

/// <summary>-1, 0 or 1: what rows are multiplied by before they are divided by the magnitude of their largest element.</summary>
internal sealed record NormSignGadget(int Value, Storage IsNegative, Storage IsZero, Storage Sign, LookupSite Row) : Gadget(Value);

/// <summary>Quotients by a number of each row, rounded.</summary>
internal sealed record QuotientGadget(
    int Value, ImmutableArray<WideSummand> Numerator, bool IsBeyond64Bits, WideCells Divisor, WideCells Half, WideCells Odd, WideCells Quotient, WideCells Remainder, WideCells Slack,
    Storage? Clamped) : Gadget(Value);

/// <summary>The largest element of each row.</summary>
internal sealed record MaxGadget(int Value, WideNumber Source, WideCells Largest, Storage Chosen, WideCells Gap) : Gadget(Value);

/// <summary>Left where the flag is 1, right where it is 0: of one limb.</summary>
internal sealed record WhereGadget(int Value, GridView Left, GridView Right, Storage Flag, Storage Result) : Gadget(Value);

/// <summary>By how much one number is below another, or above it, less one; and which of these is so.</summary>
internal sealed record FarComparisonGadget(
    int Value, WideNumber Left, WideNumber Right, Storage IsBelow, Storage IsAbove, Storage IsEqual, WideCells Below, WideCells Above, LookupSite Check, Storage Result) : Gadget(Value);

/// <summary>A comparison as a function of a difference.</summary>
internal sealed record CompareGadget(int Value, GridView Left, GridView Right, Storage Result, LookupSite Site) : Gadget(Value);

/// <summary>The numbers of a normalisation's rows.</summary>
/// <param name="Halves">Of the elements, where sums of their squares take more than one cell and no shorter pieces.</param>
internal sealed record LayerNormGadget(
    int Value, LayerNormNode Node, WideNumber Source, int Channels, WideCells? Halves, WideCells Squares, WideCells? Mean, WideCells? Rest, WideCells? MeanSquare,
    WideCells Variance, WideCells VarianceRest, WideCells Root, WideCells RootRest, WideCells RootSlack) : Gadget(Value);
