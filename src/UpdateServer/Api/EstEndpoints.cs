using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Manifest;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Fota.UpdateServer.Api;

/// <summary>Enrollment over Secure Transport (RFC 7030), as much of it as a device needs to renew its certificate.</summary>
internal static class EstEndpoints
{
    public const string RequestType = "application/pkcs10";

    private const string AnswerType = "application/pkcs7-mime";
    private const string CertsOnly = AnswerType + "; smime-type=certs-only";
    private const string Prefix = "/.well-known/est";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet($"{Prefix}/cacerts", (HttpContext context, DeviceCertificates certificates) => Certificates(context, certificates.Authorities, AnswerType));
        app.MapPost($"{Prefix}/simplereenroll", ReenrollAsync)
            .WithMetadata(new RequestSizeLimitAttribute(RenewalRequest.MaxBodyBytes)).WithMetadata(new DescribedBody(RequestType));
    }

    private static async Task<IResult> ReenrollAsync(HttpContext context, EnrolmentQueue queue, ServerSettings settings, ILogger<RenewalRequest> log)
    {
        DeviceIdentity identity = context.Features.Get<DeviceIdentity>()!; // set by the authentication that this endpoint demands
        if (context.Request.ContentType != RequestType)
        {
            return Problems.OfStatus(StatusCodes.Status415UnsupportedMediaType, $"wanted a body of type {RequestType}");
        }

        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (!RenewalRequest.Verify(body.ToArray(), identity, context.Connection.ClientCertificate!).IsAccepted(out RenewalRequest? request, out Rejection? rejection))
        {
            Log.RenewalRequestRefused(log, identity.Device, rejection.Reason, rejection.Detail);
            return Problems.OfEnrolment(rejection);
        }

        try
        {
            return Answer(context, queue.Submit(request), settings);
        }
        catch (TooManyRequestsException e)
        {
            return Problems.TooManyRequests(context, e.Wait, e.Message);
        }
    }

    private static IResult Answer(HttpContext context, EnrolmentRecord record, ServerSettings settings)
    {
        context.Response.Headers.CacheControl = "no-store";
        switch (record.State)
        {
            case EnrolmentState.Issued:
                using (X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(record.Certificate!.Value.Span))
                {
                    return Certificates(context, [certificate], CertsOnly);
                }

            case EnrolmentState.Refused:
                RetryAfter(context, settings.EnrolmentRetry);
                return Problems.OfEnrolment(new Rejection(RejectionReason.RenewalRefused, record.Detail!));
            default:
                // Section 4.2.3: accepted, and the same request is sent again later.
                RetryAfter(context, settings.EnrolmentRetry);
                return TypedResults.StatusCode(StatusCodes.Status202Accepted);
        }
    }

    private static Utf8ContentHttpResult Certificates(HttpContext context, X509Certificate2Collection certificates, string type)
    {
        // Section 4.1.3 demands this header, RFC 8951 section 3.1 has readers ignore it.
        context.Response.Headers["Content-Transfer-Encoding"] = "base64";
        string text = Convert.ToBase64String(certificates.Export(X509ContentType.Pkcs7)!, Base64FormattingOptions.InsertLineBreaks) + "\r\n";
        return TypedResults.Text(Encoding.ASCII.GetBytes(text), type);
    }

    private static void RetryAfter(HttpContext context, TimeSpan wait) => context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
