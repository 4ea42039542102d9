using System.Buffers.Binary;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>What a proof says: the model with this hash gives these outputs on these inputs.</summary>
/// <param name="Context">Binds the proof to its use (chain, contract, job, beneficiary): a copy is worth nothing elsewhere.</param>
/// <param name="Inputs">All inputs of a sample, sample after sample.</param>
/// <param name="Outputs">All outputs of a sample, sample after sample.</param>
/// <param name="InputRoot">The commitment to private inputs, and then <paramref name="Inputs"/> is empty; null where they are public.</param>
/// <param name="WeightRoot">The commitment to the model's weights, private or public; null where the verifier reads them.</param>
public sealed record ProofStatement(Hash256 ModelHash, Hash256 Context, ReadOnlyMemory<long> Inputs, ReadOnlyMemory<long> Outputs, Hash256? WeightRoot = null, Hash256? InputRoot = null)
{
    /// <summary>The first message of the transcript, before any commitment.</summary>
    internal void AbsorbInto(Transcript transcript)
    {
        transcript.Absorb(Context.Span);
        transcript.Absorb(ModelHash.Span);
        transcript.Absorb(WeightRoot is { } weights ? weights.Span : default);
        transcript.Absorb(InputRoot is { } inputs ? inputs.Span : default);
        Absorb(transcript, Inputs.Span);
        Absorb(transcript, Outputs.Span);
    }

    private static void Absorb(Transcript transcript, ReadOnlySpan<long> numbers)
    {
        var bytes = new byte[checked(numbers.Length * sizeof(long))];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), numbers[i]);
        transcript.Absorb(bytes);
    }
}
