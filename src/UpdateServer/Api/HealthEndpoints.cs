using Fota.UpdateServer.Health;

namespace Fota.UpdateServer.Api;

/// <summary>For whoever watches over servers: whether the process lives, and whether it should be sent requests.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        // Lives: whoever restarts a server because its database is away makes nothing better.
        app.MapGet("/health", static () => new HealthView("ok"));
        app.MapGet("/health/ready", static async (HttpContext context, Readiness readiness) =>
        {
            ReadinessView found = await readiness.LookAsync(context.RequestAborted);
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Json(found, statusCode: found.Status == "failing" ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
        }).Produces<ReadinessView>().Produces<ReadinessView>(StatusCodes.Status503ServiceUnavailable);
    }
}

/// <summary>That the process lives.</summary>
internal sealed record HealthView(string Status);
