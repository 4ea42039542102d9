using Aivm.Proofs;
using Aivm.Proofs.Prover;

namespace Aivm.Tests.Proofs.Arguments;

/// <summary>The sumcheck of private weights against forms that are written out.</summary>
public sealed class WeightSumcheckTests
{
    /// <summary>Outputs, inputs of a group, taps and groups of each layer.</summary>
    private static readonly (int Outputs, int Inputs, int Taps, int Groups)[][] Networks =
    [
        [(1, 1, 1, 1)],
        [(3, 5, 1, 1)],
        [(6, 3, 9, 1), (8, 1, 9, 8), (4, 5, 1, 2), (10, 37, 1, 1)],
        [(16, 1, 4, 16), (7, 64, 1, 1), (7, 300, 1, 1), (2, 1, 1, 1), (12, 2, 3, 3)],
    ];

    public static TheoryData<int, int> Cases => new(from network in Enumerable.Range(0, Networks.Length) from threads in (int[])[1, 2] select (network, threads));

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_sum_of_outer_products_is_proved_from_the_lowest_variable_on(int network, int threads)
    {
        var (layout, random) = (new WeightLayout(WeightLayout.MaxOpenings), new Random(network));
        List<OuterProducts> once = [], twice = [];
        foreach (var (outputs, inputs, taps, groups) in Networks[network])
        {
            var place = layout.Add(0, outputs, inputs, taps, out var bias).Place!;
            once.Add(new(place, Uniform(outputs), Uniform(taps * groups * inputs), groups));
            if (outputs > 4)
                twice.Add(new(place, Uniform(outputs), Uniform(taps * groups * inputs), groups));
            once.Add(new(bias, ExtArray.Of([Ext4.One]), Uniform(outputs), 1));
        }
        using var weights = new FeltArray(layout.CellCount);
        foreach (var place in layout.Places.Append(layout.RandomCells))
            for (var cell = 0; cell < place.Positions * place.Channels; cell++)
                weights[place.Base + (cell / place.Channels * place.Width) + (cell % place.Channels)] = ArgumentRun.Base(random);

        var chi = ArgumentRun.Uniform(random);
        var coefficients = new Ext4[layout.CellCount];
        Add(once, Ext4.One, coefficients);
        var first = Sum(coefficients, weights);
        Add(twice, chi, coefficients);
        var variables = LogupGkr.Variables(layout.CellCount);
        var padLayout = new PadLayout();
        ProductSumcheck.Reserve(padLayout, variables);
        var pads = ArgumentRun.PadsOf(padLayout, random);
        using var ofOnce = new WeighedForms(Forms(once), weights, threads);
        using var ofTwice = new WeighedForms(Forms(twice), weights, threads);
        Assert.Equal(first, ofOnce.Value);
        ofTwice.Scale(chi);
        Assert.Equal(Sum(coefficients, weights), ofOnce.Value + ofTwice.Value);

        var sum = Hidden.Of(Sum(coefficients, weights));
        var held = Enumerable.Range(0, weights.Length).Select(i => (Ext4)weights[i]).ToArray();
        var proof = ArgumentRun.Prove(pads, channel =>
        {
            using var prover = new WeightSumcheckProver(layout, [ofOnce, ofTwice], weights, threads);
            var (claim, form, weight) = prover.Prove(channel, sum, variables);
            Assert.Equal(ArgumentRun.Evaluate(coefficients, claim.Point), form);
            Assert.Equal(ArgumentRun.Evaluate(held, claim.Point), weight);
        });
        SumcheckClaim? left = null;
        Assert.Null(ArgumentRun.Verify(proof, pads, channel => left = ProductSumcheck.VerifyFromLowest(channel, sum, variables)));
        Assert.Equal(ArgumentRun.Evaluate(coefficients, left!.Point) * ArgumentRun.Evaluate(held, left.Point), left.Value.Value(pads));

        ExtArray Uniform(int count) => ExtArray.Of(ArgumentRun.Uniform(random, count));
    }

    private static List<WeightForm> Forms(List<OuterProducts> products) => [.. products.Select(each => new Form(each))];

    private static Ext4 Sum(Ext4[] coefficients, FeltArray weights)
    {
        var sum = Ext4.Zero;
        for (var i = 0; i < coefficients.Length; i++)
            sum += coefficients[i] * weights[i];
        return sum;
    }

    /// <summary>By the definition of outer products.</summary>
    private static void Add(List<OuterProducts> forms, Ext4 scale, Ext4[] coefficients)
    {
        foreach (var (place, rows, columns, groups) in forms)
            for (var p = 0; p < place.Positions; p++)
                for (var c = 0; c < place.Channels; c++)
                {
                    var (tap, row) = (p / rows.Length, p % rows.Length);
                    var block = (tap * groups) + (row / (rows.Length / groups));
                    coefficients[place.Base + (p * place.Width) + c] += scale * rows[row] * columns[(block * place.Channels) + c];
                }
    }

    private sealed class Form(OuterProducts products) : WeightForm
    {
        public override OuterProducts Coefficients => products;

        public override Ext4 Evaluate(EqPoint point) => throw new NotSupportedException();

        public override void Dispose()
        {
            products.Rows.Dispose();
            products.Columns.Dispose();
        }
    }
}
