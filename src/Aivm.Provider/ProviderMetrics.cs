using System.Diagnostics.Metrics;
using Aivm.Sdk;

namespace Aivm.Provider;

/// <summary>What is counted of a provider, under the meter <c>Aivm.Provider</c>.</summary>
internal sealed class ProviderMetrics : IDisposable
{
    public const string MeterName = "Aivm.Provider";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _events;
    private readonly Histogram<double> _computing;

    /// <param name="liveJobs">Asked for when somebody reads the gauge.</param>
    public ProviderMetrics(Func<int> liveJobs)
    {
        _events = _meter.CreateCounter<long>("aivm.provider.events", description: "What happened, by kind.");
        _computing = _meter.CreateHistogram<double>("aivm.provider.computing", "s", "From an accepted job to an answer with its evidence.");
        _meter.CreateObservableGauge("aivm.provider.jobs", liveJobs, description: "Jobs that are with this provider.");
    }

    public void Count(ProviderEventKind kind) => _events.Add(1, new KeyValuePair<string, object?>("kind", kind.ToString()));

    public void Computed(JobEvidence evidence, TimeSpan elapsed) =>
        _computing.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("evidence", evidence.ToString()));

    public void Dispose() => _meter.Dispose();
}
