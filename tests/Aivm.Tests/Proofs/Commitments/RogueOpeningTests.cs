using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>Provers that deviate in one place, and how often they get away with it.</summary>
public sealed unsafe class RogueOpeningTests
{
    private const string Claim = "An opening's combination of rows has another value than the one claimed.";
    private const string Column = "An opened column does not fit the combination of rows.";
    private static readonly OracleShape Shape = OracleShape.Choose(ProofParameters.Toy, cells: 1000, openings: 1);

    [Fact]
    public void Who_deviates_nowhere_is_believed()
    {
        using var oracle = new RogueOracle(Shape, 1);
        Assert.Null(oracle.Error("honest"));
    }

    [Fact]
    public void Another_value_is_refused()
    {
        using var oracle = new RogueOracle(Shape, 1) { ValueLie = Ext4.One };
        Assert.Equal(Claim, oracle.Error("value")?.Message);
    }

    [Fact]
    public void Another_value_of_the_mask_is_refused()
    {
        using var oracle = new RogueOracle(Shape, 1) { MaskLie = Ext4.One };
        Assert.Equal(Claim, oracle.Error("mask")?.Message);
    }

    [Fact]
    public void Another_value_with_a_mask_to_match_a_guess_of_rho_is_refused()
    {
        using var oracle = new RogueOracle(Shape, 1) { ValueLie = Ext4.One, MaskLie = -Ext4.From(5) };
        Assert.Equal(Claim, oracle.Error("guess")?.Message);
    }

    private const string Committed = "The proof fails at: an opening's combination of rows.";
    private static readonly OracleShape CommittedShape = OracleShape.Choose(ProofParameters.Toy, cells: 1000, openings: 3);

    [Fact]
    public void Who_commits_the_combination_and_deviates_nowhere_is_believed()
    {
        using var oracle = new RogueOracle(CommittedShape, 1);
        Assert.Null(oracle.Error("honest"));
    }

    [Fact]
    public void Another_value_than_that_of_the_committed_combination_is_refused()
    {
        using var oracle = new RogueOracle(CommittedShape, 1) { ValueLie = Ext4.One };
        Assert.Equal(Committed, oracle.Error("value")?.Message);
    }

    [Fact]
    public void Another_committed_combination_that_fits_another_value_is_refused()
    {
        using var oracle = new RogueOracle(CommittedShape, 1)
        {
            ValueLie = Ext4.One,
            Change = (combination, columns, _) => combination[0] += columns[0].Inverse(),
        };
        Assert.Equal(Committed, oracle.Error("combination")?.Message);
    }

    [Fact]
    public void Another_tail_of_the_committed_combination_is_refused()
    {
        using var oracle = new RogueOracle(CommittedShape, 1) { Change = (combination, _, _) => combination[^1] += Ext4.One };
        Assert.Equal(Committed, oracle.Error("tail")?.Message);
    }

    [Fact]
    public void Another_combination_that_fits_another_value_is_refused()
    {
        using var oracle = new RogueOracle(Shape, 1)
        {
            ValueLie = Ext4.One,
            Change = (combination, columns, rho) => combination[0] += rho * columns[0].Inverse(),
        };
        Assert.Equal(Column, oracle.Error("combination")?.Message);
    }

    [Fact]
    public void Another_tail_is_refused()
    {
        using var oracle = new RogueOracle(Shape, 1) { Change = (combination, _, _) => combination[^1] += Ext4.One };
        Assert.Equal(Column, oracle.Error("tail")?.Message);
    }

    /// <summary>
    /// A matrix with one wrong element in some columns passes when no such column is opened: as often as positions are drawn all elsewhere.
    /// </summary>
    [Theory]
    [InlineData(0, 2)]
    [InlineData(3, 5)]
    public void Wrong_columns_are_found_as_often_as_they_are_opened(int row, int wrong)
    {
        const int Trials = 400;
        var shape = OracleShape.Choose(ProofParameters.Toy, cells: 60, openings: 1);
        using var oracle = new RogueOracle(shape, 1);
        for (var i = 0; i < wrong; i++)
            oracle.Matrix.Row(Math.Min(row, shape.ColumnHeight - 1))[i * 7] ^= 1;
        var passed = Enumerable.Range(0, Trials).Count(trial => oracle.Error($"trial {trial}") is null);
        var expected = 1.0;
        for (var i = 0; i < shape.Queries; i++)
            expected *= (shape.CodeLength - wrong - i) / (double)(shape.CodeLength - i);
        var deviation = Math.Sqrt(Trials * expected * (1 - expected));
        Assert.InRange(passed, (Trials * expected) - (5 * deviation), (Trials * expected) + (5 * deviation));
    }

    /// <summary>As many wrong columns as the analysis counts with are passed no more often than it says.</summary>
    [Fact]
    public void As_many_wrong_columns_as_are_not_decoded_pass_no_more_often_than_proved()
    {
        const int Trials = 400;
        var shape = OracleShape.Choose(ProofParameters.Toy with { QueryBits = 3 }, cells: 60, openings: 1);
        using var oracle = new RogueOracle(shape, 1);
        for (var i = 0; i <= shape.UniqueRadius; i++)
            oracle.Matrix.Row(0)[i] ^= 1;
        var passed = Enumerable.Range(0, Trials).Count(trial => oracle.Error($"trial {trial}") is null);
        var bits = SoundnessTerm.QueryBits(shape.CodeLength, shape.CodeLength - shape.UniqueRadius - 1, shape.Queries);
        var proved = Math.Pow(2, -bits / (double)(1 << Log2.FractionBits));
        Assert.InRange(passed, 1, (Trials * proved) + (5 * Math.Sqrt(Trials * proved)));
    }
}
