namespace Aivm.Provider;

public enum ProviderEventKind
{
    Registered,
    Asked,
    Accepted,
    Declined,
    Answered,
    /// <summary>The job went elsewhere or ended without us.</summary>
    Lost,
    /// <summary>Something failed and will be tried again.</summary>
    Retry,
    /// <summary>A session was attested.</summary>
    SessionOpened,
    /// <summary>What became of the session's keys: taken up again, kept for the next process, or not, and why.</summary>
    SessionKeys,
    Challenged,
    /// <summary>A model of floats was loaded; the message says on which device it runs.</summary>
    ModelOpened,
    /// <summary>A commitment to private weights was spent: the message has the root of a fresh one.</summary>
    WeightsRenewed,
    WeightsRegistered,
}

/// <summary>What a provider did. Never holds an input, an output or a key.</summary>
/// <param name="Job">0 where it is about none.</param>
/// <param name="Message">For people.</param>
public sealed record ProviderEvent(ProviderEventKind Kind, ulong Job, string Message);

/// <summary>Whether a provider is well.</summary>
/// <param name="Block">The last one that was looked at.</param>
/// <param name="SecondsSincePoll">Since the node last answered.</param>
/// <param name="Failure">The last failure, while it lasts.</param>
public sealed record ProviderHealth(bool IsWell, ulong Block, double SecondsSincePoll, int LiveJobs, ulong Answered, ulong Declined, string? Failure);
