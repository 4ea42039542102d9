using Aivm.Compiler.Network;
using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>An input of the model with what its callers' integers mean.</summary>
/// <param name="Number">Of the value in the integer graph: the input's place in the ONNX file.</param>
/// <param name="Scale">The ONNX input is this times the caller's number.</param>
internal sealed record InputPort(int Number, FloatInput Node, InputFormat Format, double Scale)
{
    /// <summary>Most that a range is taken to reach where the format does not say.</summary>
    private const long MaxMeasured = 1L << 61;

    /// <summary>10^decimals: what a caller's integer is divided by. Exact up to 10^22.</summary>
    public double Divisor
    {
        get
        {
            var power = 1.0;
            for (var i = 0; i < (Format as InputFormat.Fixed)?.Decimals; i++)
                power *= 10;
            return power;
        }
    }

    /// <summary>The caller's least and greatest integer, where the format bounds them.</summary>
    public (long Low, long High)? Range => Format switch
    {
        InputFormat.Index(var count) => (0, count - 1),
        InputFormat.U8 => (0, 255),
        _ => null,
    };

    /// <summary>The integers of the range that the file's own quantisation gives the input, within those of the format; null where it has none.</summary>
    public (long Low, long High)? Measured
    {
        get
        {
            if (Node.Measured is not var (low, high))
                return null;
            var (least, greatest) = Range ?? (-MaxMeasured, MaxMeasured);
            var (first, last) = (Math.Min(low / Unit, high / Unit), Math.Max(low / Unit, high / Unit));
            return ((long)Math.Clamp(Math.Ceiling(first), least, greatest), (long)Math.Clamp(Math.Floor(last), least, greatest));
        }
    }

    /// <summary>The integers that the input is clamped to; null where the file does not, or where its format already does.</summary>
    public (long Low, long High)? Clamp => Node.IsClamped && Measured is { } measured && measured != Range ? measured : null;

    /// <summary>What one unit of the caller's integer is worth to the ONNX model.</summary>
    public double Unit => Scale / Divisor;

    /// <summary>The ONNX model's number for a caller's integer; NaN for a missing one.</summary>
    public double Real(long value)
    {
        if (value == ElementTypes.MissingInput)
            return double.NaN;
        if (Clamp is var (low, high))
            value = Math.Clamp(value, low, high);
        return Scale == 1 ? value / Divisor : value * Unit;
    }

    /// <summary>Every input of the graph, in the order of the ONNX file.</summary>
    public static InputPort[] Of(FloatGraph graph, CompileOptions options)
    {
        foreach (var name in options.Inputs.Keys)
        {
            if (graph.Inputs.All(input => input.Name != name))
                throw Refusal.Input("compile-options", $"The model has no input '{name}'; its inputs are {string.Join(", ", graph.Inputs.Select(input => $"'{input.Name}'"))}.");
        }
        return [.. graph.Inputs.Select((input, number) => Of(graph, input, number, options))];
    }

    private static InputPort Of(FloatGraph graph, FloatInput input, int number, CompileOptions options)
    {
        var own = options.Inputs.GetValueOrDefault(input.Name, new InputOptions());
        var format = own.Format ?? Natural(graph, input, options.Input);
        if (format is InputFormat.Fixed plain)
            format = plain with { AllowsMissing = graph.AllowsMissing(input) };
        // A general scale is meant for quantities; numbers of tokens, flags and counts are what they are.
        var scale = own.Scale ?? (input.Kind == ElementKind.Real ? options.Scale : 1);
        Check(input, format, scale);
        if (graph.RowsNumberedBy(input) is { } rows && (format is not InputFormat.Index { Count: var count } || count > rows))
            throw Refusal.Input("compile-options", $"The input '{input.Name}' numbers the rows of a table: it is an index below {rows} at most.");
        return new InputPort(number, input, format, scale);
    }

    private static InputFormat Natural(FloatGraph graph, FloatInput input, InputFormat general) => input.Kind switch
    {
        ElementKind.Boolean => new InputFormat.Index(2),
        ElementKind.Integer when graph.RowsNumberedBy(input) is { } rows => new InputFormat.Index(rows),
        ElementKind.Integer when general is InputFormat.Fixed => new InputFormat.Fixed(0),
        _ => general,
    };

    private static void Check(FloatInput input, InputFormat format, double scale)
    {
        if (format is InputFormat.Fixed { Decimals: < 0 or > GraphAnalysis.MaxDecimals })
            throw Refusal.Input("compile-options", $"The input '{input.Name}' has 0 to {GraphAnalysis.MaxDecimals} decimals.");
        if (format is InputFormat.Index { Count: < 1 })
            throw Refusal.Input("compile-options", $"The input '{input.Name}' is an index below a count of at least 1.");
        if (!double.IsFinite(scale) || scale == 0 || Math.Abs(scale) is < 1e-30 or > 1e30)
            throw Refusal.Input("compile-options", $"The scale {scale} of the input '{input.Name}' is out of range.");
        if (format is InputFormat.Index && scale != 1)
            throw Refusal.Input("compile-options", $"The input '{input.Name}' is an index, which has no scale.");
    }
}
