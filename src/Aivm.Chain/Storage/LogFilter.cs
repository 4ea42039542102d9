using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Which logs are asked for: from any of the addresses, with any of the topics at each place. An empty list allows everything.</summary>
public sealed record LogFilter(
    ulong FromBlock, ulong ToBlock, IReadOnlyList<Address> Addresses, IReadOnlyList<IReadOnlyList<Hash256>> Topics)
{
    /// <summary>False: no log in a block or receipt with this bloom matches.</summary>
    public bool MayMatch(Bloom bloom)
    {
        if (Addresses.Count > 0 && !Addresses.Any(bloom.MayContain))
            return false;
        return Topics.All(place => place.Count == 0 || place.Any(topic => bloom.MayContain(topic)));
    }

    public bool Matches(LogEntry log)
    {
        if (Addresses.Count > 0 && !Addresses.Contains(log.Address))
            return false;
        if (Topics.Count > log.Topics.Count)
            return false;
        for (var i = 0; i < Topics.Count; i++)
        {
            if (Topics[i].Count > 0 && !Topics[i].Contains(log.Topics[i]))
                return false;
        }
        return true;
    }
}
