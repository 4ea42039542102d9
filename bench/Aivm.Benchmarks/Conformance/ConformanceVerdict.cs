namespace Aivm.Benchmarks.Conformance;

internal enum Outcome
{
    /// <summary>Every element of the answer is the expected one, to the last digit of the expected value.</summary>
    Exact,
    /// <summary>Every element lies within the error that the compiler stated for this model.</summary>
    Within,
    /// <summary>Not compiled, with a named code and a sentence.</summary>
    Refused,
    /// <summary>Answered something that the stated error does not explain.</summary>
    Wrong,
    /// <summary>An exception that is no refusal.</summary>
    Crashed,
    /// <summary>Took longer than <see cref="ConformanceCheck.Patience"/>.</summary>
    Hung,
}

/// <param name="Detail">A refusal's code and sentence, or what is wrong; empty otherwise.</param>
/// <param name="Bound">Which inputs were made constant, because the operator needs to know them when it is compiled.</param>
/// <param name="RelativeError">The largest error over the largest magnitude expected; 0 where nothing was answered.</param>
internal sealed record ConformanceVerdict(
    string Group, string Name, string Operator, Outcome Outcome, string Detail, IReadOnlyList<string> Bound, double RelativeError);
