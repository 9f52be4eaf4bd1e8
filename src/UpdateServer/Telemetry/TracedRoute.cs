using Microsoft.AspNetCore.Http.Features;

namespace Fota.UpdateServer.Telemetry;

/// <summary>Has a request's trace say which endpoint it was for (OpenTelemetry semantic conventions, http.route), in place of its path, which names devices and people.</summary>
internal sealed class TracedRoute(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity && context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
        {
            activity.SetTag("http.route", route);
        }

        return next(context);
    }
}
