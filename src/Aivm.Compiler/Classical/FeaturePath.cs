using Aivm.Compiler.Import;
using Aivm.Compiler.Network;

namespace Aivm.Compiler.Classical;

/// <summary>What a feature of a tree is: an element of the model's input, and what is done to it on the way.</summary>
internal sealed record FeaturePath(FloatInput Input, int Element, IReadOnlyList<FeatureStep> Steps)
{
    /// <summary>Most operations between the input and a tree.</summary>
    private const int MaxSteps = 16;

    /// <summary>Whether a missing value has a meaning all along the path.</summary>
    public bool TakesMissing
    {
        get
        {
            foreach (var step in Steps)
            {
                if (step is FeatureStep.Impute)
                    return true;
                if (!step.TakesMissing)
                    return false;
            }
            return true;
        }
    }

    /// <summary>Follows an element of a node's result back to the input.</summary>
    public static FeaturePath Trace(OperatorCall reader, FloatNode node, int element)
    {
        var steps = new Stack<FeatureStep>();
        for (var passed = 0; passed <= MaxSteps; passed++)
        {
            switch (node)
            {
                case FloatInput input:
                    return new FeaturePath(input, element, [.. steps]);
                case FloatBinary binary:
                    return steps.Aggregate(binary.Paths[element], (path, step) => path.Then(step));
                case FloatConcat concat:
                    (node, element) = PartOf(concat, element);
                    continue;
                case FloatGather or FloatTranspose:
                    element = SourceOf(node, element);
                    break;
                case FloatAffine { Step: { } step } affine:
                    steps.Push(step(affine.ChannelOf(element)));
                    break;
                case FloatUnary { Function: UnaryFunction.Clamp(var low, var high) }:
                    steps.Push(new FeatureStep.Clip(low, high));
                    break;
                case FloatImputer imputer:
                    steps.Push(new FeatureStep.Impute(imputer.Replacements[element]));
                    break;
                case not FloatReshape:
                    throw reader.Unsupported($"it reads the result of {node}: only operations that keep the order of each feature may stand between it and the input");
            }
            node = node.Source;
        }
        throw reader.Unsupported($"more than {MaxSteps} operations stand between it and the input");
    }

    /// <summary>The part of a row of parts that holds an element.</summary>
    private static (FloatNode Part, int Element) PartOf(FloatConcat concat, int element)
    {
        var inner = Shapes.Count(concat.Shape.AsSpan(concat.Axis + 1));
        var (row, place) = (element / inner / concat.Shape[concat.Axis], element / inner % concat.Shape[concat.Axis]);
        foreach (var part in concat.Inputs)
        {
            var extent = part.Shape[concat.Axis];
            if (place < extent)
                return (part, ((row * extent) + place) * inner + element % inner);
            place -= extent;
        }
        throw new InvalidOperationException($"{concat} has no element {element}.");
    }

    /// <summary>Where an element of what only moves elements about comes from.</summary>
    private static int SourceOf(FloatNode mover, int element)
    {
        var from = mover.Source.Shape;
        var (place, step) = (0, Shapes.Strides(from));
        for (var axis = from.Length - 1; axis >= 0; axis--)
        {
            var index = element % mover.Shape[axis];
            element /= mover.Shape[axis];
            place += mover is FloatGather gather
                ? (axis == gather.Axis ? gather.Indices[index] : index) * step[axis]
                : index * step[((FloatTranspose)mover).Permutation[axis]];
        }
        return place;
    }

    /// <summary>The path with one more step at its end.</summary>
    public FeaturePath Then(FeatureStep step) => this with { Steps = [.. Steps, step] };

    /// <summary>The feature, from the input's element in exact or double precision.</summary>
    public double At(double x)
    {
        var value = new FeatureValue(Input.IsDouble ? x : (float)x, Input.IsDouble);
        foreach (var step in Steps)
            value = step.At(value);
        return value.Number;
    }

    /// <summary>Whether a condition on the feature holds at the input's lowest number.</summary>
    public bool HoldsAtLowest(Func<double, bool> condition) => condition(At(-Largest));

    /// <summary>
    /// Where a condition on the feature, whose truth changes at most once as the feature grows, changes in terms of the input: the
    /// least number of the input's type at which it is not what it is at the lowest. Null when it never changes.
    /// </summary>
    public double? FindChange(Func<double, bool> condition)
    {
        var (low, high) = (Key(-Largest), Key(Largest));
        var atLowest = HoldsAtLowest(condition);
        if (condition(At(Largest)) == atLowest)
            return null;
        while (high != low + 1)
        {
            // The mean, rounded down, of what may be too far apart to subtract.
            var middle = (low & high) + ((low ^ high) >> 1);
            if (condition(At(Number(middle))) == atLowest)
                low = middle;
            else
                high = middle;
        }
        return Number(high);
    }

    /// <summary>Whether the largest inputs overflow on the way to something that is no number.</summary>
    public bool Overflows => double.IsNaN(At(-Largest)) || double.IsNaN(At(Largest));

    private double Largest => Input.IsDouble ? double.MaxValue : float.MaxValue;

    /// <summary>Integers in the order of the input's numbers, one for each.</summary>
    private long Key(double number)
    {
        var bits = Input.IsDouble ? BitConverter.DoubleToInt64Bits(number) : BitConverter.SingleToInt32Bits((float)number);
        return bits < 0 ? bits ^ (Input.IsDouble ? long.MaxValue : int.MaxValue) : bits;
    }

    private double Number(long key)
    {
        var bits = key < 0 ? key ^ (Input.IsDouble ? long.MaxValue : int.MaxValue) : key;
        return Input.IsDouble ? BitConverter.Int64BitsToDouble(bits) : BitConverter.Int32BitsToSingle((int)bits);
    }
}
