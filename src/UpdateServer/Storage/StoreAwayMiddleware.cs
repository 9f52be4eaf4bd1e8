using System.Globalization;
using Fota.UpdateServer.Api;

namespace Fota.UpdateServer.Storage;

/// <summary>A store that is away is no defect: whoever asked is told to come again.</summary>
internal sealed class StoreAwayMiddleware(RequestDelegate next, ILogger<StoreAwayMiddleware> log)
{
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(5);

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (StoreUnavailableException e) when (!context.Response.HasStarted)
        {
            Log.StoreAway(log, e, context.Request.Method, context.Request.Path);
            context.Response.Clear(); // what was said of the content is not said of its absence
            context.Response.Headers.RetryAfter = s_wait.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            string detail = e is StoreUncertainException ? "the store went away in the middle: look whether it was done before you ask for it again" : "the store is away; nothing was changed";
            await Problems.Of(StatusCodes.Status503ServiceUnavailable, ProblemCodes.StoreUnavailable, detail).ExecuteAsync(context);
        }
        catch (StoreUnavailableException e)
        {
            // The client sees a body that ends early, and goes on where it broke off.
            Log.TransferBroken(log, e, context.Request.Method, context.Request.Path);
            context.Abort();
        }
    }
}
