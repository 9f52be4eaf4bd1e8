using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>Nothing leaves this server as a stack trace: what was thrown becomes a problem, and a defect is logged.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await Problems.OfStatus(context.Response.StatusCode).ExecuteAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away; there is nobody to answer.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await Describe(e, context).ExecuteAsync(context);
        }
    }

    private ProblemHttpResult Describe(Exception failure, HttpContext context)
    {
        switch (failure)
        {
            case BadHttpRequestException { InnerException: JsonException json }:
                // System.Text.Json names the member and its place; what follows is for its own programmers.
                return Problems.OfStatus(StatusCodes.Status400BadRequest, $"wanted the JSON of the specification, got something else at {json.Path}");
            case BadHttpRequestException bad:
                return Problems.OfStatus(bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "the body is larger than this request may be" : null);
            default:
                Log.RequestFailed(log, failure, context.Request.Method, context.Request.Path);
                return Problems.Of(StatusCodes.Status500InternalServerError, ProblemCodes.InternalError, "the server failed; nothing was changed by halves");
        }
    }
}
