using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Fota.UpdateServer.Api;

/// <summary>The check-in: one round trip that brings a signed report and takes back what to do (docs/spec/device-api.md).</summary>
internal static class DeviceEndpoints
{
    public const string ReportType = "application/cose";

    public static void Map(IEndpointRouteBuilder app) => app.MapPost("/api/v1/check-in", CheckInAsync)
        .WithMetadata(new RequestSizeLimitAttribute(DecodeLimits.ReportBytes)).WithMetadata(new DescribedBody(ReportType)).Produces<byte[]>(StatusCodes.Status200OK, "application/json");

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> CheckInAsync(
        HttpContext context, RolloutCoordinator coordinator, DeltaOffers deltas, DeltaPlanner planner, DeltaSchedule schedule, ReadAddresses addresses, ServerSettings settings, ServerMetrics metrics, TimeProvider time, ILogger<DeviceIdentity> log)
    {
        DeviceIdentity identity = context.Features.Get<DeviceIdentity>()!; // set by the authentication that this endpoint demands
        if (context.Request.ContentType != ReportType)
        {
            return Problems.OfStatus(StatusCodes.Status415UnsupportedMediaType, $"wanted a body of type {ReportType}");
        }

        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        byte[] signed = body.ToArray();
        Verdict<SignedReport> decoded = SignedReport.Decode(signed);
        Verdict<CheckInOutcome> verdict = Verdict.Of(() =>
        {
            SignedReport said = decoded.OrThrow();
            if (HeardConnection.Of(context) is { } heard && heard.IsBy(identity, time.GetUtcNow()) && coordinator.HearAgain(identity, said.ReadUnverified()) is { } same)
            {
                return same;
            }

            VerifiedReport report = VerifiedReport.Verify(said, identity.Key, identity.Device.ToString()).OrThrow();
            CheckInOutcome outcome = coordinator.CheckIn(identity, report, signed);
            HeardConnection.Note(context, identity, time.GetUtcNow());
            return outcome;
        });
        if (verdict.IsAccepted(out CheckInOutcome? outcome, out Rejection? rejection))
        {
            if (planner.IsNews(outcome.Device))
            {
                await schedule.RunSoonAsync();
            }

            CheckInAnswer answer = new(outcome.Assignment, settings.CheckIn)
            {
                Deltas = [.. deltas.For(outcome.Device, outcome.Assigned)],
                Sources = outcome.Assignment is not null && addresses.Current is { } source ? [source] : [],
            };
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Bytes(answer.Encode(), "application/json");
        }

        metrics.ReportRefused(rejection.Reason);
        Log.ReportRefused(log, identity.Device, rejection.Reason, rejection.Detail);
        return Problems.OfReport(rejection);
    }
}
