using Fota.Manifest;
using Fota.UpdateServer.Enrolment;
using Microsoft.AspNetCore.Mvc;

namespace Fota.UpdateServer.Api;

/// <summary>Requests of devices for new certificates, for the authority that answers them. They are named by the SHA-256 of the request.</summary>
internal static class EnrolmentEndpoints
{
    public const string CertificateType = "application/pkix-cert";

    private const int MaxCertificateBytes = 4096;
    private const int MaxDetail = 500;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/enrolments", (EnrolmentQueue queue) => queue.Waiting().Select(EnrolmentView.Of));
        api.MapPost("/enrolments/{request}/certificate", IssueAsync).WithMetadata(new RequestSizeLimitAttribute(MaxCertificateBytes));
        api.MapPost("/enrolments/{request}/refusal", (string request, RefusalRequest refusal, EnrolmentQueue queue) => refusal.Detail.Length is >= 1 and <= MaxDetail
            ? Answer(request, digest => queue.Refuse(digest, refusal.Detail))
            : Problems.Of(StatusCodes.Status400BadRequest, nameof(RejectionReason.ValueOutOfRange), $"detail: wanted 1 to {MaxDetail} characters, got {refusal.Detail.Length}"));
    }

    private static async Task<IResult> IssueAsync(string request, HttpContext context, EnrolmentQueue queue)
    {
        if (context.Request.ContentType != CertificateType)
        {
            return Problems.OfStatus(StatusCodes.Status415UnsupportedMediaType, $"wanted a body of type {CertificateType}");
        }

        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return Answer(request, digest => queue.Issue(digest, body.ToArray()));
    }

    private static IResult Answer(string request, Func<Sha256Digest, bool> answer)
    {
        try
        {
            return Sha256Digest.TryParse(request, out Sha256Digest? digest) && answer(digest)
                ? TypedResults.NoContent()
                : Problems.OfStatus(StatusCodes.Status404NotFound, "no request with this digest waits for an answer");
        }
        catch (RejectedException e)
        {
            return Problems.OfPublication(e.Rejection);
        }
    }
}

/// <summary>Why the authority does not issue a certificate.</summary>
internal sealed record RefusalRequest(string Detail);

/// <summary>A request that waits; <see cref="Request"/> is base64 of DER.</summary>
internal sealed record EnrolmentView(string Device, string Product, string KeyId, string RequestDigest, string Request, DateTimeOffset Received)
{
    public static EnrolmentView Of(EnrolmentRecord e) =>
        new(e.Device.ToString(), e.Product.ToString(), e.Key.ToString(), e.RequestDigest.ToString(), Convert.ToBase64String(e.Request.Span), e.Received);
}
