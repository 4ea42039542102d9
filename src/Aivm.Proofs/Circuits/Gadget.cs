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

/// <summary>The numbers of a private input, by position and channel.</summary>
internal sealed record PrivateInputGadget(int Value, Storage Numbers, LookupSite Site) : Gadget(Value);

/// <summary>The lookups of a layer's private weights.</summary>
internal sealed record WeightRangeGadget(Storage Place, LookupSite Site) : Gadget(NoValue);

/// <summary>bound + sign * bias, cut into limbs of 12 bits.</summary>
internal sealed record BiasRangeGadget(Storage Place, int Sign, long[] Bounds, Storage[] Limbs, LookupSite[] Sites) : Gadget(NoValue);

/// <summary>A function of each element: y = f(x).</summary>
internal sealed record MapGadget(int Value, GridView Source, Storage Result, LookupSite Site) : Gadget(Value);

/// <summary>A committed number that is the sum of others.</summary>
internal sealed record SumGadget(int Value, WideCells Result, ImmutableArray<WideSummand> Summands) : Gadget(Value);

/// <summary>What a sum of digits carries: the sum divided by 2^bits.</summary>
internal sealed record CarryGadget(int Value, WideCells Carry, ImmutableArray<Summand> Sum, int Bits) : Gadget(Value);
