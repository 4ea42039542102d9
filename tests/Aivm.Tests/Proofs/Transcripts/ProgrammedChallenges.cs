using Aivm.Proofs;
using Aivm.Tests.Proofs.Arguments;

namespace Aivm.Tests.Proofs.Transcripts;

/// <summary>Challenges that a seed fixes, whatever is absorbed: those of a simulator, which chooses them before it chooses its messages.</summary>
internal sealed class ProgrammedChallenges(int seed) : TranscriptProbe
{
    private readonly Random _random = new(seed);

    public override Ext4 Challenge(Ext4 drawn) => ArgumentRun.Uniform(_random);

    public override int[] Positions(int[] drawn, int bits)
    {
        var positions = new SortedSet<int>();
        while (positions.Count < drawn.Length)
            positions.Add(_random.Next(1 << bits));
        return [.. positions];
    }
}
