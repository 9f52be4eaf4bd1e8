using System.Net;
using System.Security.Cryptography;
using System.Text;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent.Reporting;

/// <summary>
/// What the server has to know, kept until it took it. A report enters the queue in the same durable write as the step it is about, and is
/// repeated with the same nonce and ordinal.
/// </summary>
internal sealed class ReportQueue
{
    private readonly DeviceIdentity _identity;
    private readonly StateStore _state;
    private readonly IBootControl _boot;
    private readonly BootFacts _facts;
    private readonly IRollbackCounter _counter;
    private readonly TimeProvider _time;
    private readonly CheckInClient _checkIn;
    private readonly IAgentLog _log;

    public ReportQueue(DeviceIdentity identity, StateStore state, IBootControl boot, IRollbackCounter counter, TimeProvider time, CheckInClient checkIn, IAgentLog log)
    {
        _identity = identity;
        _state = state;
        _boot = boot;
        _facts = boot.Facts;
        _counter = counter;
        _time = time;
        _checkIn = checkIn;
        _log = log;
    }

    /// <summary>The state with one report more; none for an update that no deployment asked for.</summary>
    public AgentState Add(AgentState state, string? deployment, InstalledRelease? release, ReportState what, Rejection? why = null, string? note = null)
    {
        if (deployment is null)
        {
            return state;
        }

        DeviceReport report = Compose(release ?? _facts.Release, what, _state.TakeOrdinal()) with
        {
            Deployment = deployment,
            Reason = why?.Reason ?? RejectionReason.None,
            Detail = (why?.Detail ?? note) is { } detail ? Reportable(detail) : null,
        };
        return state with { Reports = [.. state.Reports, report] };
    }

    /// <summary>Sends what is queued, the oldest first, or else that nothing happens; the last answer counts.</summary>
    public async Task<CheckInAnswer> CheckInAsync(CancellationToken cancellation) =>
        await SendQueuedAsync(cancellation)
        ?? await _checkIn.SendAsync(ComposeStanding(), cancellation);

    private DeviceReport ComposeStanding()
    {
        DeviceReport report = Compose(_facts.Release, Standing, _state.TakeReservedOrdinal());
        return report.State == ReportState.Idle && _state.Current.Metadata?.Problem is { } problem
            ? report with { Reason = problem.Reason, Detail = Reportable(problem.Detail) }
            : report;
    }

    // "Idle" says that what runs is there for good: of a trial that is not over, or failed where there is nothing to go back to, it would be a lie (P9).
    private ReportState Standing => _boot.Record[_facts.Running].Successful ? ReportState.Idle : ReportState.Activated;

    /// <summary>Tells the server at once what is new, if it can be told: the queue keeps what it did not take, and no update waits for it.</summary>
    public async Task TrySendQueuedAsync(CancellationToken cancellation)
    {
        try
        {
            await SendQueuedAsync(cancellation);
        }
        catch (RepositoryUnavailableException e)
        {
            _log.Waiting(e.Message);
        }
        catch (RejectedException e)
        {
            _log.Refused(e.Rejection);
        }
    }

    private async Task<CheckInAnswer?> SendQueuedAsync(CancellationToken cancellation)
    {
        CheckInAnswer? answer = null;
        while (_state.Current.Reports is [DeviceReport oldest, ..])
        {
            answer = await SendOrDropAsync(oldest, cancellation);
            _state.Update(static state => state with { Reports = [.. state.Reports.Skip(1)] });
        }

        return answer;
    }

    // A report that will never be taken would hold up every report and every update behind it (P3): it is given up, and the log says so.
    private async Task<CheckInAnswer?> SendOrDropAsync(DeviceReport report, CancellationToken cancellation)
    {
        try
        {
            return await _checkIn.SendAsync(report, cancellation);
        }
        catch (RepositoryUnavailableException e) when (e.Status is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden
            or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity)
        {
            Drop(e.Message);
        }
        catch (ArgumentException e)
        {
            Drop(e.Message);
        }

        return null;

        void Drop(string why) =>
            _log.Refused(new Rejection(RejectionReason.ReportRefused, $"report {report.Ordinal} ({report.State}): wanted one that the server takes, got {why}"));
    }

    // Details quote what hardware and firmware said: valid Unicode, and not longer than a report may hold, cut between characters.
    private static string Reportable(string detail)
    {
        StringBuilder text = new();
        foreach (Rune rune in detail.EnumerateRunes())
        {
            if (text.Length + rune.Utf16SequenceLength > DeviceReport.MaxTextLength)
            {
                break;
            }

            text.Append(rune);
        }

        return text.ToString();
    }

    private DeviceReport Compose(InstalledRelease about, ReportState what, long ordinal) => new()
    {
        Device = _identity.Device,
        Product = _identity.Product,
        ManifestDigest = about.ManifestDigest,
        Sequence = about.Sequence,
        RunningVersion = _facts.Release.Version,
        Slot = (int)_facts.Running,
        State = what,
        Floor = _counter.Read(),
        Time = _time.GetUtcNow(),
        Ordinal = ordinal,
        Nonce = RandomNumberGenerator.GetBytes(DeviceReport.NonceSize),
    };
}
