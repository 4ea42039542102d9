using Aivm.Inference;
using static Aivm.Benchmarks.Gas.CaseConstants;

namespace Aivm.Benchmarks.Gas;

/// <summary>
/// Every operator over typical shapes and over those that cost most for their price: single elements, narrow and odd ones, ones that leave
/// the caches; every source type; every finish.
/// </summary>
internal static class GasCases
{
    private static readonly Shape[] Vectors = [[1], [17], [4096], [1 << 17]];

    private static readonly SourceKind[] Activations = [SourceKind.Byte, SourceKind.S8, SourceKind.S16];

    private static readonly SourceKind[] Narrow = [SourceKind.S8, SourceKind.S16, SourceKind.S32];

    private static readonly SourceKind[] Integers = [SourceKind.S8, SourceKind.S16, SourceKind.S32, SourceKind.S64];

    public static IEnumerable<GasCase> All =>
        [.. Arrangement(), .. Entry(), .. LinearCases.All, .. Elementwise(), .. Windows(), .. Rows(), .. ClassicalCases.All];

    private static IEnumerable<GasCase> Arrangement()
    {
        foreach (var kind in Integers)
        {
            foreach (var shape in (Shape[])[[1, 1, 1], [64, 32, 32]])
            {
                foreach (var channelsLast in (bool[])[false, true])
                {
                    Source[] source = [new(kind, shape, ChannelsLast: channelsLast)];
                    yield return CaseBuilder.Create("", nameof(GasTable.Move), source, x => new ReshapeNode { Source = x[0], Shape = [(int)shape.Elements] });
                    yield return CaseBuilder.Create("1, 2, 0", nameof(GasTable.Move), source, x => new TransposeNode { Source = x[0], Permutation = [1, 2, 0] });
                }
            }
            foreach (var shape in (Shape[])[[1000, 1, 1], [1, 1, 1000], [16, 1024, 3], [256, 512]])
                yield return CaseBuilder.Create("reversed", nameof(GasTable.Move), [new(kind, shape)], x => new TransposeNode { Source = x[0], Permutation = [.. Enumerable.Range(0, shape.Rank).Reverse()] });
            foreach (var (shape, axis) in (IEnumerable<(Shape, int)>)[([1], 0), ([4096], 0), ([4096, 1], 1), ([4096, 3], 1), ([300, 17], 1), ([1 << 17], 0)])
                yield return CaseBuilder.Create($"axis {axis}", nameof(GasTable.Move), [new(kind, shape), new(kind, shape)], x => new ConcatNode { Parts = [.. x], Axis = axis });
            yield return CaseBuilder.Create("64 parts", nameof(GasTable.Move), [new(kind, [1])], x => new ConcatNode { Parts = [.. Enumerable.Repeat(x[0], 64)], Axis = 0 });
            foreach (var (shape, axis) in (IEnumerable<(Shape, int)>)[([1], 0), ([4096], 0), ([4096, 2], 1), ([2, 4096], 0), ([512, 512], 1)])
            {
                var length = shape[axis];
                yield return CaseBuilder.Create($"reversed axis {axis}", nameof(GasTable.Move), [new(kind, shape)], x => new GatherNode { Source = x[0], Axis = axis, Indices = Constant.S32([length], [.. Enumerable.Range(0, length).Reverse()]) });
            }
            var type = kind switch { SourceKind.S8 => ElementType.S8, SourceKind.S16 => ElementType.S16, SourceKind.S32 => ElementType.S32, _ => ElementType.S64 };
            foreach (var shape in (Shape[])[[1], [1 << 17]])
                yield return CaseBuilder.CreateConstant(Of(type, shape, 100));
            if (type == ElementType.S64)
                continue;
            foreach (var (rows, width, count) in (IEnumerable<(int, int, int)>)[(256, 1, 1), (256, 1, 4096), (256, 64, 128), (256, 4096, 16), (60000, 4, 2000)])
                yield return CaseBuilder.CreateEmbedding(type, rows, width, count);
        }
    }

    private static IEnumerable<GasCase> Entry()
    {
        foreach (var shape in Vectors)
        {
            yield return CaseBuilder.Create("", nameof(GasTable.Move), [new(SourceKind.S64, shape)], x => new ClampNode { Source = x[0], Low = -1000, High = 1L << 39 });
            foreach (var output in (ElementType[])[ElementType.S8, ElementType.S16, ElementType.S64])
            {
                yield return CaseBuilder.Create($"narrow to {output}", nameof(GasTable.Wide), [new(SourceKind.S64, shape, 100_000)], x => QuantiseNode.Scale(x[0], output, 12345, 17));
                yield return CaseBuilder.Create($"wide to {output}", nameof(GasTable.Wide), [new(SourceKind.S64, shape, 1L << 61)], x => new QuantiseNode
                {
                    Source = x[0],
                    Output = output,
                    Multipliers = S64([1], 1L << 60),
                    Offsets = S64([1], 1L << 60),
                    Shift = 62,
                });
            }
        }
        yield return CaseBuilder.Create("by channel", nameof(GasTable.Wide), [new(SourceKind.S64, [512, 40], 1L << 40)], x => new QuantiseNode
        {
            Source = x[0],
            Output = ElementType.S16,
            Multipliers = S64([40], 1L << 40),
            Offsets = S64([40], 1L << 40),
            Shift = 50,
        });
        yield return CaseBuilder.Create("channels last", nameof(GasTable.Wide), [new(SourceKind.S64, [64, 32, 32], 1000, ChannelsLast: true)], x => QuantiseNode.Scale(x[0], ElementType.S8, 3, 1));
        yield return CaseBuilder.Create("channels last", nameof(GasTable.Move), [new(SourceKind.S64, [64, 32, 32], ChannelsLast: true)], x => new ClampNode { Source = x[0], Low = 0, High = 9 });
    }

    private static IEnumerable<GasCase> Elementwise()
    {
        foreach (var kind in Narrow)
        {
            foreach (var source in Shapes(kind))
            {
                foreach (var (finish, price, requantise) in Finishes())
                {
                    yield return CaseBuilder.Create(finish, price, [source], x => new RescaleNode { Source = x[0], Factor = 3, Requantise = requantise });
                    yield return CaseBuilder.Create(finish, price, [source, source with { ChannelsLast = false }], x => new AddNode { Left = x[0], Right = x[1], LeftFactor = 3, RightFactor = -5, Requantise = requantise });
                    var small = kind == SourceKind.S32 ? 500 : 1000;
                    yield return CaseBuilder.Create(finish, price, [source with { Limit = kind == SourceKind.S8 ? 127 : small }, source with { Limit = kind == SourceKind.S8 ? 127 : small, ChannelsLast = false }], x => new MultiplyNode { Left = x[0], Right = x[1], Requantise = requantise });
                }
            }
        }
        foreach (var kind in Integers)
        {
            foreach (var source in Shapes(kind))
            {
                yield return CaseBuilder.Create("", nameof(GasTable.Move), [source, source with { ChannelsLast = false }], x => new CompareNode { Left = x[0], Right = x[1], Comparison = Comparison.Less });
                yield return CaseBuilder.Create("", nameof(GasTable.Move), [source with { Kind = SourceKind.S8, Limit = 1 }, source, source with { ChannelsLast = false }], x => new WhereNode { Condition = x[0], Left = x[1], Right = x[2] });
                foreach (var (entries, shift) in (IEnumerable<(int, int)>)[(2, 31), (1000, 4), (65537, 0), (65537, 24)])
                {
                    yield return CaseBuilder.Create($"{entries} entries, shift {shift}", nameof(GasTable.Interpolation), [source], x => new InterpolateNode
                    {
                        Source = x[0],
                        Low = -(1L << shift) * (entries / 2),
                        Shift = shift,
                        Entries = Of(ElementType.S32, [entries], int.MaxValue),
                    });
                }
            }
        }
        foreach (var kind in Activations)
        {
            foreach (var source in Shapes(kind))
            {
                foreach (var type in (ElementType[])[ElementType.S8, ElementType.S16])
                {
                    yield return CaseBuilder.Create($"to {type}", nameof(GasTable.Lookup), [source], x => new TableNode { Source = x[0], Low = -128, Entries = Of(type, [256], 127) });
                    yield return CaseBuilder.Create($"to {type}, large", nameof(GasTable.Lookup), [source], x => new TableNode { Source = x[0], Low = -32768, Entries = Of(type, [65536], 127) });
                }
            }
        }

        static IEnumerable<Source> Shapes(SourceKind kind) => [.. Vectors.Select(shape => new Source(kind, shape)), new(kind, [33, 31, 33], ChannelsLast: true)];
    }

    private static IEnumerable<(string Name, string Price, Requantise Requantise)> Finishes() =>
    [
        ("clamp to S8", nameof(GasTable.Clamp), Clamp8()),
        ("clamp to S16", nameof(GasTable.Clamp), Clamp16()),
        ("raw", nameof(GasTable.Clamp), Raw),
        ("small table", nameof(GasTable.Lookup), Table8()),
        ("large table", nameof(GasTable.Lookup), Table16()),
    ];

    private static IEnumerable<GasCase> Windows()
    {
        (Shape Shape, Window Window, string Price)[] windows =
        [
            ([64, 16, 16], new() { Kernel = new(2, 2), Strides = new(2, 2) }, nameof(GasTable.Pool)),
            ([64, 16, 16], new() { Kernel = new(3, 3), Padding = new(1, 1, 1, 1) }, nameof(GasTable.Pool)),
            ([256, 8, 8], new() { Kernel = new(8, 8) }, nameof(GasTable.Pool)),
            ([1, 1, 1], new() { Kernel = new(1, 1) }, nameof(GasTable.PoolTap)),
            ([1, 64, 64], new() { Kernel = new(2, 2), Strides = new(2, 2) }, nameof(GasTable.PoolTap)),
            ([1, 64, 64], new() { Kernel = new(1, 1) }, nameof(GasTable.PoolTap)),
            ([1, 32, 32], new() { Kernel = new(9, 9) }, nameof(GasTable.PoolTap)),
            ([3, 32, 32], new() { Kernel = new(3, 3) }, nameof(GasTable.PoolTap)),
            ([7, 32, 32], new() { Kernel = new(3, 3), Dilations = new(2, 2) }, nameof(GasTable.PoolTap)),
            ([15, 32, 32], new() { Kernel = new(3, 3) }, nameof(GasTable.PoolTap)),
            ([31, 16, 16], new() { Kernel = new(3, 3) }, nameof(GasTable.PoolTap)),
            ([63, 16, 16], new() { Kernel = new(3, 3) }, nameof(GasTable.PoolTap)),
            ([16, 1, 4000], new() { Kernel = new(1, 3), Strides = new(1, 2) }, nameof(GasTable.PoolTap)),
            ([4, 128, 128], new() { Kernel = new(1, 1), Strides = new(64, 64) }, nameof(GasTable.Gather)),
            ([1024, 16, 16], new() { Kernel = new(2, 2), Strides = new(2, 2) }, nameof(GasTable.Pool)),
        ];
        foreach (var kind in Activations)
        {
            foreach (var (shape, window, price) in windows)
            {
                var name = $"{window.Kernel.Height}x{window.Kernel.Width} stride {window.Strides.Height}";
                yield return CaseBuilder.Create(name, price, [new(kind, shape)], x => new MaxPoolNode { Source = x[0], Window = window });
                foreach (var (finish, _, requantise) in Finishes())
                {
                    yield return CaseBuilder.Create($"{name} {finish}", price, [new(kind, shape, kind == SourceKind.S16 ? 1000 : 0, ChannelsLast: true)], x => new AveragePoolNode
                    {
                        Source = x[0],
                        Window = window,
                        Multiplier = 7,
                        ExcludesPadding = true,
                        Requantise = requantise,
                    });
                }
            }
        }
    }

    private static IEnumerable<GasCase> Rows()
    {
        Shape[] rows = [[1], [4000, 1], [2000, 3], [8, 768], [1 << 16]];
        foreach (var kind in Integers)
        {
            foreach (var source in rows.Select(shape => new Source(kind, shape)).Append(new(kind, [64, 32, 32], ChannelsLast: true)))
            {
                var limit = kind is SourceKind.S8 ? 127 : kind is SourceKind.S64 ? 1L << 40 : 32767;
                yield return CaseBuilder.Create("", nameof(GasTable.Move), [source], x => new MaxNode { Source = x[0] });
                yield return CaseBuilder.Create("last axis", nameof(GasTable.Branch), [source], x => new ArgMaxNode { Source = x[0], Axis = source.Shape.Rank - 1 });
                yield return CaseBuilder.Create("first axis", nameof(GasTable.Branch), [source], x => new ArgMaxNode { Source = x[0], Axis = 0 });
                foreach (var exponent in (int[])[8, 30])
                {
                    yield return CaseBuilder.Create($"exponent {exponent}", nameof(GasTable.Division), [source], x => new SoftmaxNode
                    {
                        Source = x[0],
                        Shift = 4,
                        OutputExponent = exponent,
                        Entries = Constant.S32([4096], [.. Enumerable.Range(0, 4096).Select(i => (1 << 30) >> (i / 140))]),
                    });
                }
                foreach (var norm in Enum.GetValues<Norm>())
                    yield return CaseBuilder.Create($"{norm}", nameof(GasTable.Division), [source with { Limit = Math.Min(limit, 1 << 20) }], x => new NormaliseNode { Source = x[0], Norm = norm, OutputExponent = 24 });
                if (kind == SourceKind.S64)
                    continue;
                var length = source.Shape.Last;
                var small = source with { Limit = Math.Min(limit, Math.Max(1, (1 << 24) / length / (kind == SourceKind.S32 ? 30 : 1))) };
                yield return CaseBuilder.Create("", nameof(GasTable.Clamp), [small], x => new SumNode { Source = x[0], Multiplier = 3, Requantise = Clamp8() });
                yield return CaseBuilder.Create("large table", nameof(GasTable.Clamp), [small], x => new SumNode { Source = x[0], Multiplier = 3, Requantise = Table16() });
                if (length < 1 << 16)
                    yield return CaseBuilder.Create("", nameof(GasTable.Division), [source with { Limit = Math.Min(limit, 20_000) }], x => new LayerNormNode { Source = x[0], Centred = true, Fraction = 3, Epsilon = 1, OutputExponent = 14 });
            }
        }
    }
}
