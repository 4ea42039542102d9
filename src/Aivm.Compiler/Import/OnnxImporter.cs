using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;
using Aivm.Inference;

namespace Aivm.Compiler.Import;

/// <summary>From the file's nodes to the normalised graph: shapes made static, constants folded, operators understood or refused by name.</summary>
internal sealed class OnnxImporter
{
    public const long MinOpset = OperatorSet6.Version;
    public const long MaxOpset = 24;
    public const long MaxClassicalOpset = 5;

    /// <summary>Most nodes that a file's operators and initialisers stand for; a recurrent cell stands for some at each step.</summary>
    private const int MaxNodes = 4 * OnnxReader.MaxNodes;

    private readonly OnnxModel _model;
    private readonly Dictionary<string, FloatNode> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _classes = new(StringComparer.Ordinal);
    private readonly ConstantFolding _folding = new();

    // Nodes that are counted, and the numbers that they hold.
    private readonly HashSet<FloatNode> _counted = [];
    private long _numbers;
    private long _maxNumbers = 2L * Shapes.MaxElements;

    private OnnxImporter(OnnxModel model) => _model = model;

    public static FloatGraph Import(OnnxModel model) => new OnnxImporter(model with { Graph = NormPatterns.Join(model.Graph) }).Import();

    private FloatGraph Import()
    {
        RequireKnownOpsets();
        if (_model.Graph.Outputs.Count == 0)
            throw Refusal.Invalid("it has no outputs");
        foreach (var (name, tensor) in _model.Graph.Initialisers)
        {
            _values.Add(name, new FloatConstant(name, tensor));
            _counted.Add(_values[name]);
            // A layer holds its weights once more, as it reads them.
            _maxNumbers += 2L * tensor.Count;
        }
        var inputs = ImportInputs();
        var needed = NeededNodes();
        for (var i = 0; i < _model.Graph.Nodes.Count; i++)
        {
            if (needed[i])
                ImportNode(_model.Graph.Nodes[i]);
        }
        return new FloatGraph(inputs, [.. _model.Graph.Outputs.Select(ImportOutput)]);
    }

    private void RequireKnownOpsets()
    {
        foreach (var (domain, version) in _model.Opsets)
        {
            var (low, high) = domain switch
            {
                "" => (MinOpset, MaxOpset),
                "ai.onnx.ml" => (1, MaxClassicalOpset),
                _ => (long.MinValue, long.MaxValue),
            };
            if (version < low || version > high)
                throw Refusal.Input("unsupported-opset", $"Operator set {version} of '{(domain.Length > 0 ? domain : "ai.onnx")}' is not supported: export with one from {low} to {high}.");
        }
    }

    /// <summary>All inputs that no initialiser gives a value, in the file's order.</summary>
    private FloatInput[] ImportInputs()
    {
        var declared = _model.Graph.Inputs.Where(value => !_model.Graph.Initialisers.ContainsKey(value.Name)).ToArray();
        if (declared.Length is 0 or > GraphAnalysis.MaxInputs)
            throw Refusal.Input("unsupported-input", $"The model has {declared.Length} inputs; 1 to {GraphAnalysis.MaxInputs} are supported.");
        var inputs = declared.Select(ImportInput).ToArray();
        foreach (var input in inputs)
        {
            if (!_values.TryAdd(input.Name, input))
                throw Refusal.Invalid($"the input '{input.Name}' is declared twice");
        }
        // A sample is one row of all of them, whether anything reads them or not.
        if (inputs.Sum(input => (long)input.Count) > Shapes.MaxElements)
            throw Refusal.TooLarge($"its inputs together have more than {Shapes.MaxElements} elements");
        return inputs;
    }

    private static FloatInput ImportInput(OnnxValue input)
    {
        if (input.Kind is null || input.Extents is null)
            throw Refusal.Input("unsupported-input", $"The input '{input.Name}' is not a tensor of a declared shape.");
        if (input.Kind is OnnxType.String or OnnxType.Undefined or OnnxType.BFloat16)
            throw Refusal.Input("unsupported-input", $"The input '{input.Name}' holds {input.Kind} values; only numbers are supported.");
        if (input.Name.Length == 0)
            throw Refusal.Invalid("an input has no name");
        long[] extents = [.. input.Extents];
        if (extents.Length > 0 && extents[0] < 0)
            extents[0] = 1;
        var open = Array.IndexOf(extents, -1);
        if (open >= 0)
            throw Refusal.Input("unsupported-shape", $"Axis {open} of the input '{input.Name}' is dynamic; only the first, the batch, may be. Export with a fixed size.");
        return new FloatInput(input.Name, Shapes.Checked(extents, $"the input '{input.Name}'"), TensorReader.Meaning(input.Kind.Value)) { IsDouble = input.Kind == OnnxType.Double, IsHalf = input.Kind == OnnxType.Float16 };
    }

    /// <summary>Marks the nodes that some output depends on; the others are never looked at.</summary>
    private bool[] NeededNodes()
    {
        var nodes = _model.Graph.Nodes;
        var wanted = new HashSet<string>(_model.Graph.Outputs.Select(output => output.Name), StringComparer.Ordinal);
        var needed = new bool[nodes.Count];
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            needed[i] = nodes[i].Outputs.Any(wanted.Contains);
            if (needed[i])
                wanted.UnionWith(nodes[i].Reads);
        }
        return needed;
    }

    private void ImportNode(OnnxNode node)
    {
        var inputs = node.Inputs.Select(name => name.Length == 0 ? null : Resolve(name, node)).ToArray();
        if (!_model.Opsets.TryGetValue(node.Domain, out var opset))
            throw Refusal.Invalid($"{node} belongs to the operator set '{node.Domain}', which the file does not import");
        if (opset == OperatorSet6.Version && node.Domain.Length == 0)
            inputs = OperatorSet6.Modernised(node, inputs);
        var call = new OperatorCall(node, inputs, opset);
        QuantisedOperators.RequireReal(call);
        if (node is { Domain: "", Operation: "If" })
        {
            Define(call, Branch(call));
            return;
        }
        var results = ConstantFolding.TryMake(call) is { } constant
            ? [new FloatConstant(node.Name, constant)]
            : OperatorTable.Find(node)(call);
        if (ConstantFolding.IsKnown(call))
            results = [.. results.Select(result => result as FloatConstant ?? _folding.Evaluate(call, result))];
        Define(call, results);
    }

    private void Define(OperatorCall call, IReadOnlyList<FloatNode> results)
    {
        var node = call.Node;
        for (var i = 0; i < node.Outputs.Count; i++)
        {
            var name = node.Outputs[i];
            if (name.Length == 0)
                continue;
            if (i >= results.Count)
                throw call.Unsupported($"its output '{name}' is not available");
            if (!_values.TryAdd(name, results[i]))
                throw Refusal.Invalid($"the value '{name}' is defined twice");
            CountUnfolded(results[i]);
            if (ClassicalOperators.ClassesOf(call, i, _classes) is { } classes)
                _classes[name] = classes;
        }
    }

    /// <summary>The branch that a constant condition chooses, as if it stood in the node's place.</summary>
    private FloatNode[] Branch(OperatorCall call)
    {
        var name = call.Constant(0, "condition").Values is [not 0] ? "then_branch" : "else_branch";
        var branch = call.Node.Graph(name) ?? throw Refusal.Invalid($"{call.Node} lacks its {name}");
        foreach (var (key, tensor) in branch.Initialisers)
        {
            if (!_values.TryAdd(key, new FloatConstant(key, tensor)))
                throw Refusal.Invalid($"the value '{key}' is defined twice");
        }
        foreach (var node in branch.Nodes)
            ImportNode(node);
        return [.. branch.Outputs.Select(output => Resolve(output.Name, call.Node))];
    }

    /// <summary>A few bytes of a file may stand for millions of numbers, or for thousands of nodes, and do so in each of many nodes.</summary>
    private void CountUnfolded(FloatNode result)
    {
        var open = new Stack<FloatNode>([result]);
        while (open.TryPop(out var node))
        {
            if (!_counted.Add(node))
                continue;
            if (_counted.Count > MaxNodes)
                throw Refusal.TooLarge($"its operators unfold to more than {MaxNodes} nodes");
            _numbers += node switch
            {
                FloatConstant constant => constant.Count,
                FloatLinear linear => linear.Weights.Length,
                FloatAffine affine => 2L * affine.Scale.Length,
                FloatGather gather => gather.Indices.Length,
                _ => 0,
            };
            if (_numbers > _maxNumbers)
                throw Refusal.TooLarge("its constants and parameters unfold to too many numbers");
            foreach (var source in node.Inputs)
                open.Push(source);
        }
    }

    private FloatNode Resolve(string name, OnnxNode reader) =>
        _values.TryGetValue(name, out var value)
            ? value
            : throw Refusal.Invalid($"{reader} reads '{name}', which nothing before it defines");

    private FloatOutput ImportOutput(OnnxValue output)
    {
        if (!_values.TryGetValue(output.Name, out var node))
            throw Refusal.Invalid($"nothing defines the output '{output.Name}'");
        if (FloatMarked.SchemeOf(node) is not null)
            throw Refusal.Input("unsupported-output", $"The output '{output.Name}' is quantised integers: put a DequantizeLinear behind it.");
        var label = LabelOf(node);
        var classes = _classes.GetValueOrDefault(output.Name, []);
        if (label is not null && classes.Count == 0 && _model.Classes.Count == label.Source.Shape[label.Axis])
            classes = _model.Classes;
        return new FloatOutput(output.Name, node, label is not null, classes);
    }

    private static FloatArgMax? LabelOf(FloatNode node)
    {
        while (node is FloatReshape)
            node = node.Source;
        return node is FloatArgMax { IsLast: false } label ? label : null;
    }
}
