using Aivm.Compiler.Network;

namespace Aivm.Compiler.Import;

/// <summary>LSTM, GRU and RNN unrolled: a layer over all steps' inputs for each gate, then step by step what depends on the state.</summary>
internal static class RecurrentOperators
{
    public static IReadOnlyList<FloatNode> Lstm(OperatorCall call)
    {
        if (call.Optional(7) is not null)
            throw call.Unsupported("it has peepholes");
        if (call.Node.Int("input_forget", 0) != 0)
            throw call.Unsupported("it couples the input and forget gates");
        return new Recurrence(call, gates: 4, "Sigmoid", "Tanh", "Tanh").Unrolled(LstmStep);
    }

    public static IReadOnlyList<FloatNode> Gru(OperatorCall call)
    {
        var isLinear = call.Node.Int("linear_before_reset", 0) != 0;
        return new Recurrence(call, gates: 3, "Sigmoid", "Tanh").Unrolled((step, state) => GruStep(step, state, isLinear));
    }

    public static IReadOnlyList<FloatNode> Rnn(OperatorCall call) =>
        new Recurrence(call, gates: 1, "Tanh").Unrolled((step, state) => new(AsState(step.Gate(0, state.Hidden, step.Function(0))), null));

    /// <summary>Gates i, o, f, c: c' = f * c + i * g, h' = o * tanh(c'). The curve over c' is a second sum, so that c' keeps its full precision.</summary>
    private static RecurrentState LstmStep(RecurrentStep step, RecurrentState state)
    {
        var input = step.Gate(0, state.Hidden, step.Function(0));
        var output = step.Gate(1, state.Hidden, step.Function(0));
        var candidate = step.Gate(3, state.Hidden, step.Function(1));
        FloatActivated Cell()
        {
            var fresh = step.Product(input, candidate);
            return state.Cell is null ? fresh : step.Sum(step.Product(step.Gate(2, state.Hidden, step.Function(0)), state.Cell), fresh);
        }
        var (cell, curve) = (Cell(), Cell());
        curve.Activation = step.Function(2);
        return new(step.Product(output, curve), cell);
    }

    /// <summary>Gates z, r, h: h' = g + z * (h - g).</summary>
    private static RecurrentState GruStep(RecurrentStep step, RecurrentState state, bool isLinear)
    {
        var update = step.Gate(0, state.Hidden, step.Function(0));
        var reset = step.Gate(1, state.Hidden, step.Function(0));
        var candidate = isLinear
            ? step.GateOf(2, step.Product(reset, step.Recurrent(2, state.Hidden)), step.Function(1))
            : step.Gate(2, state.Hidden is null ? null : step.Product(reset, state.Hidden), step.Function(1));
        return new(AsState(state.Hidden is null
            ? step.Sum(candidate, step.Product(update, candidate), -1)
            : step.Sum(candidate, step.Product(update, step.Sum(state.Hidden, candidate, -1)))), null);
    }

    private static FloatActivated AsState(FloatActivated node)
    {
        node.IsState = true;
        return node;
    }
}
