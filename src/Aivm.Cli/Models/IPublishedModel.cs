using Aivm.Compiler.Inputs;
using Aivm.Primitives;

namespace Aivm.Cli.Models;

/// <summary>A published model as its callers need it: what a row becomes, what an answer means, and whether it can be checked here.</summary>
internal interface IPublishedModel
{
    Hash256 Hash { get; }

    /// <summary>For people: what stands behind an answer beside its evidence.</summary>
    string Assurance { get; }

    /// <summary>A row of an input file, packed as a run takes it.</summary>
    /// <exception cref="AivmException"><c>input-shape</c>, or what the row's values are refused for.</exception>
    byte[] Pack(SampleSet samples, int row);

    /// <summary>Whether our own run gives something else. Where it need not be the same, nothing is run, and nothing contradicted.</summary>
    bool Contradicts(byte[] input, long[] outputs);

    /// <exception cref="AivmException"><c>output-malformed</c>: the model cannot have given them.</exception>
    ModelAnswer Read(long[] outputs);
}
