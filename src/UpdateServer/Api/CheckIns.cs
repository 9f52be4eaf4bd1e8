using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Telemetry;

namespace Fota.UpdateServer.Api;

/// <summary>Takes reports and answers them. What it needs is fetched once, and not for each of the requests that this server has most of.</summary>
internal sealed class CheckIns(
    RolloutCoordinator coordinator, DeltaOffers deltas, DeltaPlanner planner, DeltaSchedule schedule, ReadAddresses addresses, RateLimits limits, ServerSettings settings, ServerMetrics metrics, TimeProvider time, ILogger<DeviceIdentity> log)
{
    private readonly JsonBytes _nothingToDo = new(new CheckInAnswer(null, settings.CheckIn).Encode());

    /// <summary>Takes the report of a request that <see cref="Access.AccessGate"/> let in.</summary>
    public async Task<IResult> AnswerAsync(HttpContext context)
    {
        DeviceIdentity identity = context.Features.Get<DeviceIdentity>()!;
        if (context.Request.ContentType != DeviceEndpoints.ReportType)
        {
            return Problems.OfStatus(StatusCodes.Status415UnsupportedMediaType, $"wanted a body of type {DeviceEndpoints.ReportType}");
        }

        byte[] signed = await ReadAsync(context);
        Verdict<SignedReport> decoded = SignedReport.Decode(signed);
        Verdict<CheckInOutcome> verdict;
        try
        {
            verdict = Verdict.Of(() => Take(context, identity, decoded, signed));
        }
        catch (TooManyRequestsException e)
        {
            return Problems.TooManyRequests(context, e.Wait, e.Message);
        }

        if (!verdict.IsAccepted(out CheckInOutcome? outcome, out Rejection? rejection))
        {
            metrics.ReportRefused(rejection.Reason);
            Log.ReportRefused(log, identity.Device, rejection.Reason, rejection.Detail);
            return Problems.OfReport(rejection);
        }

        if (planner.IsNews(outcome.Device))
        {
            await schedule.RunSoonAsync();
        }

        context.Response.Headers.CacheControl = "no-store";
        return outcome.Assignment is null ? _nothingToDo : new JsonBytes(new CheckInAnswer(outcome.Assignment, settings.CheckIn)
        {
            Deltas = [.. deltas.For(outcome.Device, outcome.Assigned)],
            Sources = addresses.Current is { } source ? [source] : [],
        }.Encode());
    }

    private CheckInOutcome Take(HttpContext context, DeviceIdentity identity, Verdict<SignedReport> decoded, byte[] signed)
    {
        SignedReport said = decoded.OrThrow();
        if (HeardConnection.Of(context) is { } heard && heard.IsBy(identity, time.GetUtcNow()) && coordinator.HearAgain(identity, said.ReadUnverified()) is { } same)
        {
            return same;
        }

        VerifiedReport report = VerifiedReport.Verify(said, identity.Key, identity.Device.ToString()).OrThrow();
        CheckInOutcome outcome = coordinator.CheckIn(identity, report, signed, () => limits.DemandNews(identity));
        HeardConnection.Note(context, identity, time.GetUtcNow());
        return outcome;
    }

    /// <summary>The body; the server holds it to the endpoint's limit.</summary>
    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is { } length and <= DecodeLimits.ReportBytes)
        {
            byte[] known = new byte[length];
            await context.Request.Body.ReadExactlyAsync(known, context.RequestAborted);
            return known;
        }

        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }

    /// <summary>JSON that is bytes already. The framework's own result for bytes is one for files, which looks at ranges and conditions first.</summary>
    private sealed class JsonBytes(byte[] json) : IResult
    {
        public Task ExecuteAsync(HttpContext context)
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = json.Length;
            return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
        }
    }
}
