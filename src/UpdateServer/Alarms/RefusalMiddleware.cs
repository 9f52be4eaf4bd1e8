namespace Fota.UpdateServer.Alarms;

/// <summary>Counts what is refused for who asks or for what a device says; what people type wrong is not.</summary>
internal sealed class RefusalMiddleware(RequestDelegate next, AlarmBook book, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        await next(context);
        int status = context.Response.StatusCode;
        if (status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests
            || (status is >= 400 and < 500 && context.Request.Path.StartsWithSegments("/api/v1/check-in", StringComparison.Ordinal)))
        {
            book.Refused(time.GetUtcNow());
        }
    }
}
