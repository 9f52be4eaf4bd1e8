using System.Diagnostics.Metrics;
using Fota.Manifest;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Telemetry;

/// <summary>
/// What this server counts, beside what the framework does. No attribute is a device's or a person's name: their number has no bound, and metrics are kept by others.
/// docs/runbooks/telemetry.md says what each means.
/// </summary>
internal sealed class ServerMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Fota.UpdateServer";

    private readonly Counter<long> _checkIns;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _decisions;
    private readonly Counter<long> _publications;
    private readonly Histogram<double> _changes;

    public ServerMetrics(Meter meter)
    {
        Meter = meter;
        _checkIns = Meter.CreateCounter<long>("fota.check_ins", "{check_in}", "Reports that were taken, by whether the store was asked.");
        _refusals = Meter.CreateCounter<long>("fota.reports.refused", "{report}", "Reports that were refused, by reason.");
        _decisions = Meter.CreateCounter<long>("fota.rollout.decisions", "{decision}", "Decisions about rollouts, by kind.");
        _publications = Meter.CreateCounter<long>("fota.publications", "{publication}", "Publications, by what came of them.");
        _changes = Meter.CreateHistogram<double>("fota.store.change.duration", "s", "How long one change took, from the wait for others of this server to the answer of the store.");
    }

    public Meter Meter { get; }

    public void CheckedIn(bool fromMemory) => _checkIns.Add(1, new KeyValuePair<string, object?>("fota.store", fromMemory ? "not_asked" : "asked"));

    public void ReportRefused(RejectionReason reason) => _refusals.Add(1, new KeyValuePair<string, object?>("error.type", reason.ToString()));

    public void Decided(DecisionKind kind) => _decisions.Add(1, new KeyValuePair<string, object?>("fota.decision", kind.ToString()));

    public void Published(RejectionReason refused) => _publications.Add(1, new KeyValuePair<string, object?>("fota.outcome", refused == RejectionReason.None ? "published" : refused.ToString()));

    public void Changed(TimeSpan duration) => _changes.Record(duration.TotalSeconds);
}
