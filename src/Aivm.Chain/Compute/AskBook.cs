using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>A provider that could take a job, and for how much.</summary>
internal readonly record struct Candidate(Address Provider, UInt256 Price);

/// <param name="MaxPrice">Wei for the provider alone.</param>
/// <param name="Seconds">From the last moment to accept to the deadline.</param>
/// <param name="Only">Null: any provider.</param>
internal sealed record Demand(AskClass Class, ulong Gas, UInt256 MaxPrice, ulong Seconds, ushort MinReputation, Address? Only);

/// <summary>
/// Matching: the lowest price first, and among equal prices the lowest keccak256(job ‖ provider). A pure function of the asks that stand and of the
/// providers' stakes and records.
/// </summary>
internal static class AskBook
{
    /// <returns>At most <paramref name="most"/>, the best first.</returns>
    public static List<Candidate> Match(NativeCall compute, Demand demand, ulong job, int most)
    {
        List<Candidate> candidates = [];
        foreach (var (candidate, _) in Offers(compute, demand, job))
        {
            if (candidates.Count == most)
                break;
            if (IsFit(compute, demand, candidate))
                candidates.Add(candidate);
        }
        return candidates;
    }

    private static IEnumerable<(Candidate Candidate, Hash256 Order)> Offers(NativeCall compute, Demand demand, ulong job)
    {
        var asks = ComputeStorage.Asks(compute, demand.Class);
        var count = asks.Count;
        List<(Candidate Candidate, Hash256 Order)> offers = [];
        for (var i = 0; i < count; i++)
        {
            var ask = asks.Read(i);
            if (demand.Only is { } only && ask.Provider != only)
                continue;
            if (ask.At(compute.Block.Number) is { } price && price.TryFor(demand.Gas, out var wei) && wei <= demand.MaxPrice)
                offers.Add((new Candidate(ask.Provider, wei), Order(compute, job, ask.Provider)));
        }
        return offers.OrderBy(offer => offer.Candidate.Price).ThenBy(offer => offer.Order);
    }

    private static Hash256 Order(NativeCall compute, ulong job, Address provider) =>
        compute.Keccak([.. ((UInt256)job).ToHash256().Span, .. provider.Span]);

    private static bool IsFit(NativeCall compute, Demand demand, Candidate candidate)
    {
        var reservation = ProviderLedger.ReservationFor(compute.Block.Genesis.Market, candidate.Price);
        return ComputeStorage.FindProvider(compute, candidate.Provider).Facts.Reputation >= demand.MinReputation
            && ProviderLedger.CanTake(compute, candidate.Provider, reservation, demand.Seconds);
    }
}
