using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>What a step hands to the next; null in front of the first, where it is zero.</summary>
internal readonly record struct RecurrentState(FloatNode? Hidden, FloatNode? Cell);

/// <summary>A recurrent operator's operands, unrolled over its steps and directions. Weights are [directions, gates * hidden, ...], gate by gate.</summary>
internal sealed class Recurrence
{
    /// <summary>Steps of all directions together: the nodes of so many still fit into a graph.</summary>
    private const int MaxSteps = 256;

    private readonly OperatorCall _call;
    private readonly int _gates;
    private readonly bool _isBatchFirst;
    private readonly FloatNode _source;
    private readonly Tensor _inputWeights;
    private readonly Tensor _weights;
    private readonly Tensor? _bias;
    private readonly bool[] _reversed;
    private readonly UnaryFunction[] _functions;

    /// <param name="functions">The operator's default activations.</param>
    public Recurrence(OperatorCall call, int gates, params string[] functions)
    {
        (_call, _gates, _isBatchFirst) = (call, gates, call.Node.Int("layout", 0) != 0);
        (_inputWeights, _weights, _bias) = (call.Constant(1, "weights"), call.Constant(2, "recurrence weights"), call.OptionalConstant(3, "bias"));
        if (call.Input(0).Shape.Length != 3)
            throw Refusal.Invalid($"{call.Node} reads {Shapes.Text(call.Input(0).Shape)}; steps, batch and features are needed");
        _source = _isBatchFirst ? new FloatTranspose(call.Name, call.Operation, call.Input(0), [1, 0, 2]) : call.Input(0);
        _reversed = call.Node.Text("direction", "forward") switch
        {
            "forward" => [false],
            "reverse" => [true],
            "bidirectional" => [false, true],
            var other => throw Refusal.Invalid($"{call.Node} has the direction '{other}'"),
        };
        RequireShapes();
        RequireWholeSequences();
        _functions = Functions(functions);
    }

    public int Steps => _source.Shape[0];

    public int Batch => _source.Shape[1];

    public int Hidden => _weights.Shape[2];

    private int Features => _source.Shape[2];

    /// <summary>All steps of all directions.</summary>
    /// <returns>Y, Y_h and Y_c, the last of an LSTM alone.</returns>
    public IReadOnlyList<FloatNode> Unrolled(Func<RecurrentStep, RecurrentState, RecurrentState> next)
    {
        var rows = new List<FloatNode>();
        var last = new List<RecurrentState>();
        for (var direction = 0; direction < _reversed.Length; direction++)
        {
            var state = new RecurrentState(Initial(5, direction), Initial(6, direction));
            var hidden = new FloatNode[Steps];
            var layers = new RecurrentLayers(this, direction);
            for (var i = 0; i < Steps; i++)
            {
                var at = _reversed[direction] ? Steps - 1 - i : i;
                state = next(new RecurrentStep(layers, at), state);
                hidden[at] = Reshaped(state.Hidden!, [1, 1, Batch, Hidden]);
            }
            rows.Add(Joined(hidden, 0));
            last.Add(state);
        }
        var outputs = new List<FloatNode> { Arranged(Joined(rows, 1), [2, 0, 1, 3]), Last(last.Select(state => state.Hidden!)) };
        if (last.All(state => state.Cell is not null))
            outputs.Add(Last(last.Select(state => state.Cell!)));
        return outputs;
    }

    /// <summary>Weights of a gate, [hidden, features] for the input or [hidden, hidden] for the state.</summary>
    public double[] Weights(int direction, int gate, bool ofState)
    {
        var (tensor, width) = ofState ? (_weights, Hidden) : (_inputWeights, Features);
        return tensor.Values.AsSpan(((direction * _gates) + gate) * Hidden * width, Hidden * width).ToArray();
    }

    /// <summary>Bias of a gate that goes with the weights of the input or with those of the state.</summary>
    public double[] Bias(int direction, int gate, bool ofState) => _bias is null
        ? new double[Hidden]
        : _bias.Values.AsSpan(((((direction * 2) + (ofState ? 1 : 0)) * _gates) + gate) * Hidden, Hidden).ToArray();

    public UnaryFunction Function(int direction, int number) => _functions[(direction * _functions.Length / _reversed.Length) + number];

    public FloatDense Dense(FloatNode source, double[] weights, double[] bias) =>
        new(_call.Name, _call.Operation, [.. source.Shape[..^1], Hidden], source, weights, bias);

    public FloatSum Sum(FloatNode left, FloatNode right, int sign) => new(_call.Name, _call.Operation, left, right, sign);

    public FloatProduct Product(FloatNode left, FloatNode right) => new(_call.Name, _call.Operation, left, right);

    public FloatConstant Constant(double[] row) =>
        new(_call.Name, Tensor.Real([Batch, Hidden], [.. Enumerable.Range(0, Batch * Hidden).Select(i => row[i % Hidden])]));

    /// <summary>A step of [steps, batch, n].</summary>
    public FloatNode At(FloatNode steps, int step) =>
        Reshaped(new FloatGather(_call.Name, _call.Operation, steps, 0, [step]), [Batch, steps.Shape[2]]);

    public FloatNode Source => _source;

    private FloatReshape Reshaped(FloatNode node, int[] shape) => new(_call.Name, _call.Operation, shape, node);

    private FloatNode Joined(IReadOnlyList<FloatNode> parts, int axis)
    {
        if (parts.Count == 1)
            return parts[0];
        int[] shape = [.. parts[0].Shape];
        shape[axis] = parts.Sum(part => part.Shape[axis]);
        return new FloatConcat(_call.Name, _call.Operation, shape, axis, [.. parts]);
    }

    private FloatNode Last(IEnumerable<FloatNode> states) =>
        Arranged(Joined([.. states.Select(state => Reshaped(state, [1, Batch, Hidden]))], 0), [1, 0, 2]);

    /// <summary>Results are [..., directions, batch, hidden], or have the batch in front.</summary>
    private FloatNode Arranged(FloatNode result, int[] batchFirst) =>
        _isBatchFirst ? new FloatTranspose(_call.Name, _call.Operation, result, batchFirst) : result;

    /// <summary>A state that is handed in; null where there is none, or zeros.</summary>
    private FloatNode? Initial(int operand, int direction)
    {
        if (_call.Optional(operand) is not { } states)
            return null;
        int[] shape = _isBatchFirst ? [Batch, _reversed.Length, Hidden] : [_reversed.Length, Batch, Hidden];
        if (!states.Shape.AsSpan().SequenceEqual(shape))
            throw Refusal.Invalid($"{_call.Node} has an initial state of {Shapes.Text(states.Shape)} where {Shapes.Text(shape)} is needed");
        if (states is FloatConstant { Value: var constant } && constant.Values.All(value => value == 0))
            return null;
        return Reshaped(new FloatGather(_call.Name, _call.Operation, states, _isBatchFirst ? 1 : 0, [direction]), [Batch, Hidden]);
    }

    private void RequireShapes()
    {
        foreach (var tensor in (Tensor?[])[_inputWeights, _weights, _bias])
            LinearOperators.Finite(_call, tensor?.Values ?? []);
        if (_weights.Rank != 3 || _weights.Count == 0 || _source.Count == 0)
            throw Refusal.Invalid($"{_call.Node} has recurrence weights of {Shapes.Text(_weights.Shape)} for {Shapes.Text(_source.Shape)}");
        var rows = _gates * Hidden;
        if (!_weights.Shape.AsSpan().SequenceEqual([_reversed.Length, rows, Hidden])
            || !_inputWeights.Shape.AsSpan().SequenceEqual([_reversed.Length, rows, Features])
            || (_bias is not null && !_bias.Shape.AsSpan().SequenceEqual([_reversed.Length, 2 * rows])))
            throw Refusal.Invalid($"the weights and bias of {_call.Node} do not fit its input {Shapes.Text(_source.Shape)} and each other");
        Shapes.Checked([Steps, Batch, (long)Hidden * _reversed.Length], $"the result of {_call.Node}");
        if (_call.Node.Int("hidden_size", Hidden) != Hidden)
            throw Refusal.Invalid($"the hidden_size of {_call.Node} is not that of its weights");
        if (_call.Node.Has("clip"))
            throw _call.Unsupported("it clips in front of its activations");
        var steps = (long)Steps * _reversed.Length;
        if (steps > MaxSteps)
            throw _call.Unsupported($"it has {steps} steps; at most {MaxSteps} are unrolled");
        if (steps * _weights.Count > Shapes.MaxElements)
            throw Refusal.TooLarge($"{_call.Node} unrolled has more than {Shapes.MaxElements} weights");
    }

    private void RequireWholeSequences()
    {
        if (_call.OptionalConstant(4, "sequence_lens") is { } lengths && lengths.Values.Any(length => length != Steps))
            throw _call.Unsupported($"its sequences are shorter than its {Steps} steps");
    }

    /// <summary>By direction, the functions in the operator's order.</summary>
    private UnaryFunction[] Functions(string[] defaults)
    {
        var names = _call.Node.Texts("activations") ?? [.. Enumerable.Repeat(defaults, _reversed.Length).SelectMany(name => name)];
        if (names.Count != defaults.Length * _reversed.Length)
            throw Refusal.Invalid($"{_call.Node} names {names.Count} activations");
        return [.. names.Select(name => name.ToUpperInvariant() switch
        {
            "SIGMOID" => new UnaryFunction.Sigmoid(),
            "TANH" => new UnaryFunction.Tanh(),
            "RELU" => (UnaryFunction)UnaryFunction.Clamp.Relu,
            _ => throw _call.Unsupported($"its activation is {name}; Sigmoid, Tanh and Relu are supported"),
        })];
    }
}

/// <summary>One direction's layers over the inputs of all steps, made as they are asked for.</summary>
internal sealed class RecurrentLayers(Recurrence recurrence, int direction)
{
    private readonly Dictionary<int, FloatDense> _ofInput = [];

    public Recurrence Recurrence => recurrence;

    public int Direction => direction;

    /// <param name="bias">The same for each step of a gate.</param>
    public FloatNode OfInput(int gate, double[] bias, int step)
    {
        if (!_ofInput.TryGetValue(gate, out var layer))
            _ofInput.Add(gate, layer = recurrence.Dense(recurrence.Source, recurrence.Weights(direction, gate, ofState: false), bias));
        return recurrence.At(layer, step);
    }
}

/// <summary>One step of one direction: the parts that cells are made of.</summary>
internal readonly struct RecurrentStep(RecurrentLayers layers, int step)
{
    private Recurrence Recurrence => layers.Recurrence;

    public UnaryFunction Function(int number) => Recurrence.Function(layers.Direction, number);

    /// <summary>function(W x + R h + both biases). The first step has no state: its gates are layers of the input alone.</summary>
    public FloatActivated Gate(int gate, FloatNode? state, UnaryFunction function)
    {
        double[] bias = [.. Bias(gate, ofState: false).Zip(Bias(gate, ofState: true), (a, b) => a + b)];
        FloatActivated result = state is null
            ? Recurrence.Dense(Recurrence.At(Recurrence.Source, step), Recurrence.Weights(layers.Direction, gate, ofState: false), bias)
            : Recurrence.Sum(
                layers.OfInput(gate, bias, step),
                Recurrence.Dense(state, Recurrence.Weights(layers.Direction, gate, ofState: true), new double[Recurrence.Hidden]), 1);
        result.Activation = function;
        return result;
    }

    /// <summary>function(W x + its bias + a term).</summary>
    public FloatActivated GateOf(int gate, FloatNode term, UnaryFunction function)
    {
        var sum = Recurrence.Sum(layers.OfInput(gate, Bias(gate, ofState: false), step), term, 1);
        sum.Activation = function;
        return sum;
    }

    /// <summary>R h + its bias.</summary>
    public FloatNode Recurrent(int gate, FloatNode? state) => state is null
        ? Recurrence.Constant(Bias(gate, ofState: true))
        : Recurrence.Dense(state, Recurrence.Weights(layers.Direction, gate, ofState: true), Bias(gate, ofState: true));

    public FloatActivated Sum(FloatNode left, FloatNode right, int sign = 1) => Recurrence.Sum(left, right, sign);

    public FloatActivated Product(FloatNode left, FloatNode right) => Recurrence.Product(left, right);

    private double[] Bias(int gate, bool ofState) => Recurrence.Bias(layers.Direction, gate, ofState);
}
