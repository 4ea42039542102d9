using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Transcripts;

/// <summary>A message absorbed, a challenge drawn, or positions drawn below 2^bits.</summary>
internal sealed record TranscriptEvent(byte[]? Message = null, Ext4? Challenge = null, int[]? Positions = null, int Bits = 0)
{
    /// <summary>What it is, without its content: a message's length, c, or the number of positions and of their bits.</summary>
    public string Kind => Message is not null ? $"{Message.Length}" : Positions is not null ? $"{Positions.Length}of2^{Bits}" : "c";

    /// <summary>A message as it is, a challenge's four coefficients or the positions as 4 bytes each, little-endian.</summary>
    public byte[] Content()
    {
        if (Message is not null)
            return Message;
        var writer = new ProofWriter();
        if (Challenge is { } challenge)
            writer.Write(challenge);
        foreach (var position in Positions ?? [])
            writer.Write((uint)position);
        return writer.ToArray();
    }
}

/// <summary>Writes down what a transcript absorbs and gives out. May do something to one of the messages.</summary>
internal class TranscriptRecorder : TranscriptProbe
{
    private readonly List<TranscriptEvent> _events = [];

    public IReadOnlyList<TranscriptEvent> Events => _events;

    public int Messages { get; private set; }

    /// <summary>The number of the message to leave out.</summary>
    public int? Omitted { get; init; }

    /// <summary>The number of the message to flip a bit of. (An empty one becomes a byte.)</summary>
    public int? Flipped { get; init; }

    public override bool Absorb(ref ReadOnlySpan<byte> message)
    {
        var number = Messages++;
        if (number == Omitted)
            return false;
        if (number == Flipped)
            message = Flip(message.ToArray());
        _events.Add(new TranscriptEvent(Message: message.ToArray()));
        return true;
    }

    public override Ext4 Challenge(Ext4 drawn)
    {
        _events.Add(new TranscriptEvent(Challenge: drawn));
        return drawn;
    }

    public override int[] Positions(int[] drawn, int bits)
    {
        _events.Add(new TranscriptEvent(Positions: drawn, Bits: bits));
        return drawn;
    }

    /// <summary>BLAKE3 of all contents, one after another.</summary>
    public Hash256 Digest() => Blake3.Hash([.. _events.SelectMany(each => each.Content())]);

    /// <summary>The kinds of all events in order, equal ones that follow one another counted.</summary>
    public string Schedule()
    {
        var runs = new List<(string Kind, int Count)>();
        foreach (var each in _events)
            if (runs.Count > 0 && runs[^1].Kind == each.Kind)
                runs[^1] = (each.Kind, runs[^1].Count + 1);
            else
                runs.Add((each.Kind, 1));
        return string.Join(' ', runs.Select(run => run.Count == 1 ? run.Kind : $"{run.Count}x{run.Kind}"));
    }

    private static byte[] Flip(byte[] message)
    {
        if (message.Length == 0)
            return [0];
        message[message.Length / 2] ^= 16;
        return message;
    }
}
