using Aivm.Primitives;

namespace Aivm.Tests.Proofs;

/// <summary>What a verifier says of the check that a proof fails.</summary>
internal static class RefusedBy
{
    public const string Combination = "An opening's combination of rows has another value than the one claimed.";
    public const string Work = "The work before an opening's positions is not done.";
    public const string Tree = "The opened leaves and nodes do not lead to the Merkle root.";
    public const string Linear = "A column of pads fails the test of linear constraints.";

    /// <summary>Of the first opening under other challenges, where it sends no combination: once in 1024 times the work is done by chance, and other columns would have to be opened.</summary>
    public static readonly string[] WorkOrTree = [Work, Tree];

    /// <summary>Whatever a changed message leads to without work: other positions, or a sum that does not hold.</summary>
    public static readonly string[] Any =
    [
        Tree, Combination, Linear, "An opened column does not fit the combination of rows.", "A column of pads fails the proximity test.", "A column of pads fails the test of products.",
    ];

    /// <summary>One of these checks, unless bytes encode nothing.</summary>
    public static void AssertOneOf(string[] checks, Error? error)
    {
        Assert.NotNull(error);
        if (error.Code != "proof-malformed")
            Assert.Contains(error.Message, checks);
    }
}
