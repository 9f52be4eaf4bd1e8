using Fota.Manifest.Encoding;
using Microsoft.AspNetCore.Mvc;

namespace Fota.UpdateServer.Api;

/// <summary>The check-in: one round trip that brings a signed report and takes back what to do (docs/spec/device-api.md).</summary>
internal static class DeviceEndpoints
{
    public const string ReportType = "application/cose";

    public static void Map(IEndpointRouteBuilder app) => app.MapPost("/api/v1/check-in", CheckInAsync)
        .WithMetadata(new RequestSizeLimitAttribute(DecodeLimits.ReportBytes)).WithMetadata(new DescribedBody(ReportType)).Produces<byte[]>(StatusCodes.Status200OK, "application/json");

    private static Task<IResult> CheckInAsync(HttpContext context, CheckIns checkIns) => checkIns.AnswerAsync(context);
}
