using System.Diagnostics.CodeAnalysis;

namespace Aivm.Primitives;

/// <summary>What a contract announced while it ran.</summary>
/// <param name="Topics">At most <see cref="MaxTopics"/>; the first names the event, unless it is anonymous.</param>
public sealed record LogEntry(Address Address, IReadOnlyList<Hash256> Topics, ReadOnlyMemory<byte> Data)
{
    public const int MaxTopics = 4;

    public void Write(RlpWriter writer)
    {
        var entry = writer.BeginList();
        writer.Write(Address);
        var topics = writer.BeginList();
        foreach (var topic in Topics)
            writer.Write(topic);
        writer.EndList(topics);
        writer.Write(Data.Span);
        writer.EndList(entry);
    }

    public static bool TryRead(ref RlpReader items, [NotNullWhen(true)] out LogEntry? log)
    {
        log = null;
        if (!items.TryReadList(out var entry)
            || !entry.TryReadAddress(out var address)
            || !entry.TryReadList(out var topicItems)
            || !entry.TryReadBytes(out var data)
            || !entry.End)
            return false;
        var topics = new Hash256[Math.Min(MaxTopics, topicItems.Rest.Length / (1 + Hash256.Size))];
        foreach (ref var topic in topics.AsSpan())
        {
            if (!topicItems.TryReadHash(out topic))
                return false;
        }
        if (!topicItems.End)
            return false;
        log = new LogEntry(address, topics, data.ToArray());
        return true;
    }
}
