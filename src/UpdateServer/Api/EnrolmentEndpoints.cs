using Fota.Manifest;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.Rollouts;
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
        api.MapGet("/enrolments", (Asker asker, EnrolmentQueue queue) => queue.Waiting(asker.Caller).Select(EnrolmentView.Of));
        api.MapPost("/enrolments/{request}/certificate", IssueAsync).WithMetadata(new RequestSizeLimitAttribute(MaxCertificateBytes)).WithMetadata(new DescribedBody(CertificateType));
        api.MapPost("/enrolments/{request}/refusal", (string request, RefusalRequest refusal, Asker asker, EnrolmentQueue queue, RolloutCoordinator coordinator) => refusal.Detail.Length is >= 1 and <= MaxDetail && !refusal.Detail.Contains('\0', StringComparison.Ordinal)
            ? Answer(request, asker, queue, coordinator, digest => queue.Refuse(digest, refusal.Detail, asker.Name))
            : Problems.Of(StatusCodes.Status400BadRequest, nameof(RejectionReason.ValueOutOfRange), $"detail: wanted 1 to {MaxDetail} characters, none of them U+0000, got {refusal.Detail.Length}"));
    }

    private static async Task<IResult> IssueAsync(string request, HttpContext context, Asker asker, EnrolmentQueue queue, RolloutCoordinator coordinator)
    {
        if (context.Request.ContentType != CertificateType)
        {
            return Problems.OfStatus(StatusCodes.Status415UnsupportedMediaType, $"wanted a body of type {CertificateType}");
        }

        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return Answer(request, asker, queue, coordinator, digest => queue.Issue(digest, body.ToArray(), asker.Name));
    }

    private static bool IsInScope(EnrolmentRecord record, Asker asker, RolloutCoordinator coordinator) => asker.Caller.Covers(record.Product, coordinator.TraitsOf(record.Device)?.Site);

    private static IResult Answer(string request, Asker asker, EnrolmentQueue queue, RolloutCoordinator coordinator, Func<Sha256Digest, bool> answer)
    {
        try
        {
            coordinator.CatchUp(); // where the device stands now, and not when this server heard of it last
            return Sha256Digest.TryParse(request, out Sha256Digest? digest) && queue.Find(digest) is { } record && IsInScope(record, asker, coordinator) && answer(digest)
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
