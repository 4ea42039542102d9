using System.Globalization;

namespace Aivm.Cli.Models;

/// <summary>An output of a model in floats.</summary>
/// <param name="Type">As NumPy calls it.</param>
/// <param name="Values">Numbers of that type, row after row.</param>
internal sealed record NamedTensor(string Name, string Type, IReadOnlyList<long> Shape, IReadOnlyList<object> Values)
{
    private const int NumbersShown = 8;

    /// <summary>Its first numbers, for people.</summary>
    public override string ToString() => $"{Name} = {string.Join(' ', Values.Take(NumbersShown).Select(Text))}{(Values.Count > NumbersShown ? " …" : "")}";

    private static string Text(object value) => value is float real
        ? real.ToString("G5", CultureInfo.InvariantCulture)
        : ((long)value).ToString(CultureInfo.InvariantCulture);
}
