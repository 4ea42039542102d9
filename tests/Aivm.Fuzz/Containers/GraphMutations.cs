using System.Collections.Immutable;
using System.Reflection;
using Aivm.Inference;

namespace Aivm.Fuzz.Containers;

/// <summary>Changes of a graph's fields, whatever its operators are: by the types of their properties.</summary>
internal static class GraphMutations
{
    private static readonly MethodInfo Clone = typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!;

    private static readonly Dictionary<Type, PropertyInfo[]> Fields = typeof(GraphNode).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(GraphNode)))
        .ToDictionary(type => type, type => type.GetProperties().Where(property => property.CanWrite).ToArray());

    public static Graph Change(Graph graph, Random random)
    {
        switch (random.Next(16))
        {
            case 0:
                var input = random.Next(graph.Inputs.Length);
                return With(graph, inputs: graph.Inputs.SetItem(input, ChangePort(graph.Inputs[input], random)));
            case 1:
                var output = random.Next(graph.Outputs.Length);
                return With(graph, outputs: graph.Outputs.SetItem(output, graph.Outputs[output] with { Source = ChangeNumber(graph.Outputs[output].Source, random) }));
            case 2:
                // A node reads another value: values meet that did not.
                return With(graph, outputs: graph.Outputs.Length < 16 && graph.Nodes.Length > 0
                    ? graph.Outputs.Add(new GraphOutput { Name = $"more{graph.Outputs.Length}", Source = random.Next(graph.ValueCount), Kind = OutputKind.Values })
                    : graph.Outputs);
        }
        if (graph.Nodes.Length == 0)
            return graph;
        var at = random.Next(graph.Nodes.Length);
        return With(graph, nodes: graph.Nodes.SetItem(at, ChangeNode(graph.Nodes[at], random)));
    }

    private static Graph With(Graph graph, ImmutableArray<GraphInput>? inputs = null, ImmutableArray<GraphNode>? nodes = null, ImmutableArray<GraphOutput>? outputs = null) =>
        new() { Inputs = inputs ?? graph.Inputs, Nodes = nodes ?? graph.Nodes, Outputs = outputs ?? graph.Outputs };

    private static GraphInput ChangePort(GraphInput port, Random random) => random.Next(2) == 0
        ? port with { Shape = ChangeShape(port.Shape, random) }
        : port with
        {
            Format = random.Next(4) switch
            {
                0 => new InputFormat.U8(),
                1 => new InputFormat.Index(ChangeNumber(5, random)),
                _ => new InputFormat.Fixed(random.Next(-1, 20), random.Next(2) == 0),
            },
        };

    private static GraphNode ChangeNode(GraphNode node, Random random)
    {
        var fields = Fields[node.GetType()];
        var changed = (GraphNode)Clone.Invoke(node, null)!;
        var field = fields[random.Next(fields.Length)];
        field.SetValue(changed, ChangeValue(field.PropertyType, field.GetValue(node), random));
        return changed;
    }

    private static object? ChangeValue(Type type, object? value, Random random) => value switch
    {
        int number => ChangeNumber(number, random),
        long number => random.Next(2) == 0 ? unchecked(number + random.Next(-2, 3)) : ByteMutations.Edge(random),
        bool flag => !flag,
        Shape shape => ChangeShape(shape, random),
        Constant constant => ChangeConstant(constant, random),
        Window window => ChangeWindow(window, random),
        Requantise requantise => ChangeRequantise(requantise, random),
        ImmutableArray<int> numbers => ChangeNumbers(numbers, random),
        ImmutableArray<TreeShape> trees when trees.Length > 0 => trees.SetItem(0, new TreeShape(ChangeNumber(trees[0].Nodes, random), trees[^1].FirstTarget, ChangeNumber(trees[0].TargetCount, random))),
        _ when type.IsEnum => Enum.ToObject(type, (byte)random.Next(8)),
        _ => value,
    };

    private static int ChangeNumber(int number, Random random) => random.Next(3) switch
    {
        0 => unchecked((int)ByteMutations.Edge(random)),
        1 => unchecked(number + random.Next(-2, 3)),
        _ => random.Next(-2, 40),
    };

    private static ImmutableArray<int> ChangeNumbers(ImmutableArray<int> numbers, Random random)
    {
        if (numbers.Length == 0 || random.Next(8) == 0)
            return numbers.Add(random.Next(4));
        var at = random.Next(numbers.Length);
        return random.Next(8) == 0 ? numbers.RemoveAt(at) : numbers.SetItem(at, ChangeNumber(numbers[at], random));
    }

    /// <summary>Often of as many elements as before: two factors change places, an axis of one comes or goes.</summary>
    private static Shape ChangeShape(Shape shape, Random random)
    {
        var dimensions = shape.Dimensions;
        if (dimensions.Length == 0 || random.Next(6) == 0)
            return new(dimensions.Insert(random.Next(dimensions.Length + 1), 1));
        var (at, other) = (random.Next(dimensions.Length), random.Next(dimensions.Length));
        return random.Next(6) switch
        {
            0 => new(dimensions.RemoveAt(at)),
            1 or 2 => new(dimensions.SetItem(at, ChangeNumber(dimensions[at], random))),
            _ => new(dimensions.SetItem(at, dimensions[other]).SetItem(other, dimensions[at])),
        };
    }

    private static Constant ChangeConstant(Constant constant, Random random)
    {
        if (random.Next(8) == 0 && ChangeShape(constant.Shape, random) is var shape && shape.Elements == constant.Count)
            return Constant.FromBytes(constant.Type, shape, constant.Bytes);
        var bytes = constant.Bytes.ToArray();
        var size = ElementTypes.SizeOf(constant.Type);
        if (random.Next(8) == 0)
            return Of(size, bytes[..(size * Math.Max(1, random.Next(constant.Count)))], random);
        // Some elements, or all, at the ends of the type.
        var all = random.Next(3) == 0;
        for (var changes = all ? constant.Count : 1 + random.Next(3); changes > 0; changes--)
        {
            var at = size * (all ? changes - 1 : random.Next(constant.Count));
            var value = random.Next(8) switch
            {
                0 or 1 or 2 => ElementTypes.MaxOf(constant.Type),
                3 or 4 or 5 => ElementTypes.MinOf(constant.Type),
                6 => ByteMutations.Edge(random),
                _ => random.Next(-3, 4),
            };
            BitConverter.GetBytes(value).AsSpan(0, size).CopyTo(bytes.AsSpan(at));
        }
        return Constant.FromBytes(constant.Type, constant.Shape, bytes);
    }

    /// <summary>A list of another length, or the same bytes as another type.</summary>
    private static Constant Of(int size, byte[] bytes, Random random)
    {
        var types = new[] { ElementType.S8, ElementType.S16, ElementType.S32, ElementType.S64, ElementType.Rank }.Where(type => bytes.Length % ElementTypes.SizeOf(type) == 0).ToArray();
        var type = types[random.Next(types.Length)];
        return Constant.FromBytes(type, [bytes.Length / ElementTypes.SizeOf(type)], bytes);
    }

    private static Window ChangeWindow(Window window, Random random)
    {
        Extent Changed(Extent extent) => random.Next(2) == 0
            ? extent with { Height = ChangeNumber(extent.Height, random) }
            : extent with { Width = ChangeNumber(extent.Width, random) };
        return random.Next(4) switch
        {
            0 => window with { Kernel = Changed(window.Kernel) },
            1 => window with { Strides = Changed(window.Strides) },
            2 => window with { Dilations = Changed(window.Dilations) },
            _ => window with { Padding = new(random.Next(8), ChangeNumber(window.Padding.Left, random), random.Next(8), ChangeNumber(window.Padding.Right, random)) },
        };
    }

    private static Requantise ChangeRequantise(Requantise requantise, Random random)
    {
        var (output, shifts, activation) = (requantise.Output, requantise.Shifts, requantise.Activation);
        switch (random.Next(4))
        {
            case 0:
                shifts = shifts.SetItem(random.Next(shifts.Length), (byte)random.Next(27));
                break;
            case 1:
                shifts = [(byte)random.Next(26)];
                break;
            case 2:
                (output, activation) = random.Next(3) switch
                {
                    0 => (ElementType.S32, null),
                    1 => (ElementType.S8, new Activation.Clamp(random.Next(2) == 0 ? 0 : -127, 127)),
                    _ => (ElementType.S16, (Activation)new Activation.Clamp(-32767, 32767)),
                };
                break;
            default:
                activation = activation switch
                {
                    Activation.Clamp clamp => random.Next(2) == 0 ? clamp with { Low = ChangeNumber(clamp.Low, random) } : clamp with { High = ChangeNumber(clamp.High, random) },
                    Activation.Table table => random.Next(2) == 0 ? table with { Low = ChangeNumber(table.Low, random) } : table with { Entries = ChangeConstant(table.Entries, random) },
                    _ => new Activation.Clamp(random.Next(-3, 3), random.Next(3)),
                };
                break;
        }
        return new() { Output = output, Shifts = shifts, Activation = activation };
    }
}
