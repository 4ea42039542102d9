using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Aivm.Compiler;
using Aivm.Compiler.Inputs;
using Aivm.Inference;

namespace Aivm.Cli.Commands;

/// <summary>What ONNX does not say about a model's inputs: how their callers write numbers, and what one unit means. Given once for all, or by name.</summary>
internal static class InputFormatOption
{
    /// <summary>The name under which what holds for all inputs is kept.</summary>
    private const string All = "";

    public static Option<ImmutableSortedDictionary<string, InputFormat>> Format() => new("--input")
    {
        Description = "How callers write the inputs: fixed:D (decimal numbers with D digits after the point, 0 to 18; by default fixed:9), "
            + "u8 (bytes) or index:N (0 to N - 1); with NAME= that of one input, and repeatable.",
        HelpName = "[NAME=]fixed:D|u8|index:N",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => Parse<InputFormat>(result, ParseFormat, "fixed:D with D from 0 to 18, u8, or index:N with N from 1"),
    };

    public static Option<ImmutableSortedDictionary<string, double>> Scale() => new("--scale")
    {
        Description = "The ONNX input is this times the caller's number: 1/255 for bytes that the network wants as 0 to 1. With NAME= that of one input, and repeatable.",
        HelpName = "[NAME=]S",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => Parse<double>(result, ParseScale, "a positive number or a fraction such as 1/255"),
    };

    public static CompileOptions Options(
        ImmutableSortedDictionary<string, InputFormat>? formats, ImmutableSortedDictionary<string, double>? scales, SampleSet? calibration)
    {
        formats ??= ImmutableSortedDictionary<string, InputFormat>.Empty;
        scales ??= ImmutableSortedDictionary<string, double>.Empty;
        var options = new CompileOptions { Calibration = calibration };
        var inputs = options.Inputs.AddRange(formats.Keys.Union(scales.Keys).Where(name => name != All).Select(name => KeyValuePair.Create(
            name, new InputOptions(formats.GetValueOrDefault(name), scales.TryGetValue(name, out var scale) ? scale : null))));
        return options with
        {
            Input = formats.GetValueOrDefault(All) ?? options.Input,
            Scale = scales.GetValueOrDefault(All, options.Scale),
            Inputs = inputs,
        };
    }

    private static ImmutableSortedDictionary<string, T>? Parse<T>(ArgumentResult result, Func<string, (bool Ok, T Value)> parse, string wanted)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        foreach (var token in result.Tokens)
        {
            var split = token.Value.LastIndexOf('=');
            var name = split < 0 ? All : token.Value[..split];
            var (ok, value) = parse(token.Value[(split + 1)..]);
            if (!ok || split == 0)
                result.AddError($"{result.Argument.Name} takes {wanted}, alone or after NAME=; not '{token.Value}'.");
            else if (!values.TryAdd(name, value))
                result.AddError($"{result.Argument.Name} is given twice {(name == All ? "for all inputs" : $"for '{name}'")}.");
        }
        return result.Errors.Any() ? null : values.ToImmutable();
    }

    private static (bool Ok, InputFormat Value) ParseFormat(string text)
    {
        if (text == "u8")
            return (true, new InputFormat.U8());
        if (TryNumber(text, "fixed:", out var decimals) && decimals <= GraphAnalysis.MaxDecimals)
            return (true, new InputFormat.Fixed(decimals));
        return TryNumber(text, "index:", out var count) && count > 0 ? (true, new InputFormat.Index(count)) : (false, null!);

        static bool TryNumber(string text, string prefix, out int number)
        {
            number = 0;
            return text.StartsWith(prefix, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
        }
    }

    private static (bool Ok, double Value) ParseScale(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2 || !TryParse(parts[0], out var scale))
            return default;
        if (parts.Length == 2)
            scale = TryParse(parts[1], out var denominator) ? scale / denominator : double.NaN;
        return (double.IsNormal(scale) && scale > 0, scale);

        static bool TryParse(string number, out double value) =>
            double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
