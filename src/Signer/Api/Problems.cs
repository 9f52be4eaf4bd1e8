using System.Text.Json;
using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Fota.Signer.Api;

/// <summary>Refusals as problem+json (RFC 9457) with a member "reason" that programs can rely on. Nothing leaves the service as a stack trace.</summary>
internal sealed partial class Problems(RequestDelegate next, ILogger<Problems> log)
{
    /// <summary>A refusal, with the status that belongs to its reason.</summary>
    public static ProblemHttpResult Of(ServiceRefusalException e) => Of(
        e.Reason switch
        {
            ServiceRefusal.Unauthorized => StatusCodes.Status401Unauthorized,
            ServiceRefusal.Forbidden => StatusCodes.Status403Forbidden,
            ServiceRefusal.NotFound => StatusCodes.Status404NotFound,
            ServiceRefusal.Conflict => StatusCodes.Status409Conflict,
            ServiceRefusal.LimitExceeded => StatusCodes.Status413PayloadTooLarge,
            ServiceRefusal.Unavailable => StatusCodes.Status503ServiceUnavailable,
            ServiceRefusal.DigestMismatch or ServiceRefusal.Refused => StatusCodes.Status422UnprocessableEntity,
            _ => StatusCodes.Status400BadRequest,
        },
        e.Reason.ToString(),
        e.Message);

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await Of(context.Response.StatusCode, context.Response.StatusCode == StatusCodes.Status404NotFound ? nameof(ServiceRefusal.NotFound) : nameof(ServiceRefusal.Malformed), "the request cannot be served as it is").ExecuteAsync(context);
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

    private static ProblemHttpResult Of(int status, string reason, string detail) =>
        TypedResults.Problem(detail: detail, statusCode: status, extensions: [KeyValuePair.Create("reason", (object?)reason)]);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void RequestFailed(ILogger log, Exception e, string method, string path);

    private ProblemHttpResult Describe(Exception failure, HttpContext context)
    {
        switch (failure)
        {
            case ServiceRefusalException refusal:
                return Of(refusal);
            case HomeBusyException:
                return Of(StatusCodes.Status503ServiceUnavailable, nameof(ServiceRefusal.Unavailable), "the signer's home is in use by another command; ask again");
            case RejectedException rejected:
                return Of(StatusCodes.Status422UnprocessableEntity, rejected.Rejection.Reason.ToString(), rejected.Rejection.Detail);
            case SignerRefusalException refused:
                return Of(StatusCodes.Status422UnprocessableEntity, nameof(ServiceRefusal.Refused), refused.Message);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Of(StatusCodes.Status413PayloadTooLarge, nameof(ServiceRefusal.LimitExceeded), "the body is larger than this request may be");
            case BadHttpRequestException { InnerException: JsonException json }:
                return Of(StatusCodes.Status400BadRequest, nameof(ServiceRefusal.Malformed), $"wanted the JSON of the specification, got something else at {json.Path}");
            case BadHttpRequestException bad:
                return Of(bad.StatusCode, nameof(ServiceRefusal.Malformed), "the request cannot be served as it is");
            case CryptokiException or CryptokiRefusalException:
                // A token that is away: nothing was changed, and it may pass (A49).
                RequestFailed(log, failure, context.Request.Method, context.Request.Path);
                return Of(StatusCodes.Status503ServiceUnavailable, nameof(ServiceRefusal.Unavailable), failure.Message.ReplaceLineEndings(" "));
            case IOException or SqliteException or UnauthorizedAccessException:
                // A full disk, a journal that is held. Which file it was is for the log: it is nobody's business outside.
                RequestFailed(log, failure, context.Request.Method, context.Request.Path);
                return Of(StatusCodes.Status503ServiceUnavailable, nameof(ServiceRefusal.Unavailable), "a file or the journal of the service cannot be used now; nothing was changed by halves");
            default:
                RequestFailed(log, failure, context.Request.Method, context.Request.Path);
                return Of(StatusCodes.Status500InternalServerError, "InternalError", "the service failed; nothing was changed by halves");
        }
    }
}
