using System.Collections.Immutable;

namespace Aivm.Inference;

/// <summary>
/// acc = Left * LeftFactor + Right * RightFactor, then <see cref="Requantise"/> with a single shift: residual sums with aligned scales, and differences.
/// Sources are S8, S16 or S32 of one shape.
/// </summary>
public sealed class AddNode : GraphNode
{
    public required int Left { get; init; }

    public required int Right { get; init; }

    /// <summary>-32767 to 32767, not 0.</summary>
    public required int LeftFactor { get; init; }

    /// <summary>-32767 to 32767, not 0.</summary>
    public required int RightFactor { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.Add;

    public override ImmutableArray<int> Sources => [Left, Right];

    public override ImmutableArray<Constant> Constants =>
        Requantise.Activation is Activation.Table table ? [table.Entries] : [];
}

/// <summary>acc = x * Factor, then <see cref="Requantise"/> with a single shift: another scale, another width. The source is S8, S16 or S32.</summary>
public sealed class RescaleNode : GraphNode
{
    public required int Source { get; init; }

    /// <summary>-32767 to 32767, not 0.</summary>
    public required int Factor { get; init; }

    public required Requantise Requantise { get; init; }

    public override Operator Operator => Operator.Rescale;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants =>
        Requantise.Activation is Activation.Table table ? [table.Entries] : [];
}

/// <summary>
/// A unary function of S8 or S16: y = Entries[min(max(x, Low), Low + n - 1) - Low]; 1 to 65536 entries of type S8 or S16, which is the result's type.
/// All of S8 is Low = -127 with 255 entries.
/// </summary>
public sealed class TableNode : GraphNode
{
    public required int Source { get; init; }

    public required int Low { get; init; }

    public required Constant Entries { get; init; }

    public override Operator Operator => Operator.Table;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Entries];
}

/// <summary>
/// A smooth function of a wide value (S8 to S64) by linear interpolation: with n entries T and k = Shift,
/// t = min(max(x, Low), Low + (n-1) * 2^k) - Low, i = t >> k, f = t mod 2^k,
/// y = (T[i] * (2^k - f) + T[i+1] * f + 2^(k-1)) >> k, and y = T[i] where f = 0. The result is S32. Logistic probabilities use it.
/// </summary>
public sealed class InterpolateNode : GraphNode
{
    public required int Source { get; init; }

    public required long Low { get; init; }

    /// <summary>k: 0 to 31.</summary>
    public required int Shift { get; init; }

    /// <summary>T: S32, 1 to 65537 entries.</summary>
    public required Constant Entries { get; init; }

    public override Operator Operator => Operator.Interpolate;

    public override ImmutableArray<int> Sources => [Source];

    public override ImmutableArray<Constant> Constants => [Entries];
}
