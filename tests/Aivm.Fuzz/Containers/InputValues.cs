using Aivm.Inference;

namespace Aivm.Fuzz.Containers;

/// <summary>Numbers for a model: small, large and at the edges.</summary>
internal static class InputValues
{
    /// <summary>What the model must take.</summary>
    public static long[] Valid(Model model, Random random)
    {
        var values = new long[model.InputCount];
        var position = 0;
        foreach (var port in model.Graph.Inputs)
        {
            var part = values.AsSpan(position, (int)port.Shape.Elements);
            position += part.Length;
            var small = random.Next(2) == 0;
            foreach (ref var value in part)
                value = Valid(port.Format, small, random);
        }
        return values;
    }

    private static long Valid(InputFormat format, bool small, Random random) => format switch
    {
        InputFormat.Fixed { AllowsMissing: true } when random.Next(8) == 0 => long.MinValue,
        InputFormat.Fixed => small ? random.Next(-200, 200) : Math.Max(Any(random), long.MinValue + 1),
        InputFormat.Index(var count) => random.Next(4) == 0 ? count - 1 : random.Next(count),
        _ => random.Next(256),
    };

    /// <summary>What a stranger may send.</summary>
    public static long[] Any(int count, Random random)
    {
        var values = new long[Math.Max(0, count)];
        var bytes = random.Next(2) == 0;
        foreach (ref var value in values.AsSpan())
            value = bytes ? random.Next(random.Next(50) == 0 ? 257 : 256) : Any(random);
        return values;
    }

    private static long Any(Random random) => random.Next(4) switch
    {
        0 => random.Next(-1000, 1000),
        1 => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64),
        2 => ByteMutations.Edge(random),
        _ => random.Next(2) == 0 ? long.MaxValue : long.MinValue,
    };
}
