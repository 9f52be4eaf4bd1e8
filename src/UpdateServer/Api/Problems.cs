using Fota.Manifest;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>Refusals as problem+json (RFC 9457) with a member "reason" that programs can rely on. The one place where a reason becomes a status.</summary>
internal static class Problems
{
    public const string Unauthorized = nameof(Unauthorized);
    public const string NotFound = nameof(NotFound);
    public const string InternalError = nameof(InternalError);
    public const string TooManyRequests = nameof(TooManyRequests);

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

    public static ProblemHttpResult Of(int status, string reason, string detail) =>
        TypedResults.Problem(detail: detail, statusCode: status, extensions: [KeyValuePair.Create("reason", (object?)reason)]);

    /// <summary>For what ASP.NET Core refuses by itself.</summary>
    public static ProblemHttpResult OfStatus(int status, string? detail = null) => Of(
        status,
        status switch
        {
            StatusCodes.Status401Unauthorized => Unauthorized,
            StatusCodes.Status404NotFound => NotFound,
            StatusCodes.Status405MethodNotAllowed => "MethodNotAllowed",
            StatusCodes.Status413PayloadTooLarge => nameof(RejectionReason.LimitExceeded),
            StatusCodes.Status415UnsupportedMediaType => "UnsupportedMediaType",
            >= 500 => InternalError,
            _ => nameof(RejectionReason.Malformed),
        },
        detail ?? "the request cannot be served as it is");
}
