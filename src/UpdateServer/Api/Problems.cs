using System.Globalization;
using Fota.Manifest;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>Refusals as problem+json (RFC 9457) with a member "reason" that programs can rely on. The one place where a reason becomes a status.</summary>
internal static class Problems
{
    /// <summary>A refused publication: understood, and not acceptable.</summary>
    public static ProblemHttpResult OfPublication(Rejection rejection) => Of(StatusCodes.Status422UnprocessableEntity, rejection.Reason.ToString(), rejection.Detail);

    /// <summary>A refused report; one that speaks for somebody else is forbidden (A44).</summary>
    public static ProblemHttpResult OfReport(Rejection rejection) => Of(
        rejection.Reason == RejectionReason.ForeignReport ? StatusCodes.Status403Forbidden : StatusCodes.Status400BadRequest,
        rejection.Reason.ToString(),
        rejection.Detail);

    /// <summary>A request for a certificate that is not taken; one for somebody else's, and one that the authority refused, is forbidden.</summary>
    public static ProblemHttpResult OfEnrolment(Rejection rejection) => Of(
        rejection.Reason is RejectionReason.ForeignCertificate or RejectionReason.RenewalRefused ? StatusCodes.Status403Forbidden : StatusCodes.Status400BadRequest,
        rejection.Reason.ToString(),
        rejection.Detail);

    /// <summary>For somebody without the role.</summary>
    public static ProblemHttpResult Forbidden(string wanted) => Of(StatusCodes.Status403Forbidden, ProblemCodes.Forbidden, wanted);

    /// <summary>For somebody with the role over other products or sites.</summary>
    public static ProblemHttpResult OutOfScope(string wanted) => Of(StatusCodes.Status403Forbidden, ProblemCodes.OutOfScope, wanted);

    /// <summary>For somebody with a credential of an authorisation server that is away: no reason to throw it away.</summary>
    public static ProblemHttpResult AuthorizationServerAway(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "5";
        return Of(StatusCodes.Status503ServiceUnavailable, ProblemCodes.AuthorizationServerAway, "the authorisation server cannot be asked now");
    }

    /// <summary>For somebody who asks too often; says when to come again.</summary>
    public static ProblemHttpResult TooManyRequests(HttpContext context, TimeSpan wait, string detail)
    {
        context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Of(StatusCodes.Status429TooManyRequests, ProblemCodes.TooManyRequests, detail);
    }

    /// <summary>For a body that says something that cannot be.</summary>
    public static ProblemHttpResult OutOfRange(string detail) => Of(StatusCodes.Status400BadRequest, nameof(RejectionReason.ValueOutOfRange), detail);

    public static ProblemHttpResult Of(int status, string reason, string detail) =>
        TypedResults.Problem(detail: detail, statusCode: status, extensions: [KeyValuePair.Create("reason", (object?)reason)]);

    /// <summary>For what ASP.NET Core refuses by itself.</summary>
    public static ProblemHttpResult OfStatus(int status, string? detail = null) => Of(
        status,
        status switch
        {
            StatusCodes.Status401Unauthorized => ProblemCodes.Unauthorized,
            StatusCodes.Status404NotFound => ProblemCodes.NotFound,
            StatusCodes.Status405MethodNotAllowed => ProblemCodes.MethodNotAllowed,
            StatusCodes.Status413PayloadTooLarge => nameof(RejectionReason.LimitExceeded),
            StatusCodes.Status415UnsupportedMediaType => ProblemCodes.UnsupportedMediaType,
            StatusCodes.Status504GatewayTimeout => ProblemCodes.Timeout,
            >= 500 => ProblemCodes.InternalError,
            _ => nameof(RejectionReason.Malformed),
        },
        detail ?? "the request cannot be served as it is");
}
