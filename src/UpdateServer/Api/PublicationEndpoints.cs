using Fota.Manifest;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.OAuth;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Fota.UpdateServer.Api;

/// <summary>Takes publications from the signer, and lists what is published.</summary>
internal static class PublicationEndpoints
{
    public const string BundleType = "application/x-tar";

    /// <summary>One image of the largest size and everything around it.</summary>
    private const long MaxBytes = 20L * 1024 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/publications", PublishAsync).WithMetadata(new DescribedBody(BundleType)).WithMetadata(new RequestSizeLimitAttribute(MaxBytes)).WithRequestTimeout(ServerLimits.UploadTimeout);
        api.MapGet("/releases", (Asker asker, RolloutCoordinator coordinator) => coordinator.Listed.Where(r => asker.Caller.IsAbout(r.Product)).Select(ReleaseView.Of));
    }

    private static async Task<Results<Ok<PublicationView>, ProblemHttpResult>> PublishAsync(
        HttpRequest request, Asker asker, PersonCredentials credentials, Publisher publisher, RolloutCoordinator coordinator, DeltaSchedule deltas, ServerMetrics metrics, ILogger<Publisher> log)
    {
        if (request.ContentType != BundleType)
        {
            return Problems.OfStatus(StatusCodes.Status415UnsupportedMediaType, $"wanted a body of type {BundleType}");
        }

        Caller? still = null;
        try
        {
            Publication publication = await publisher.PublishAsync(request.Body, asker.Name, MayStillAsync, request.HttpContext.RequestAborted);
            coordinator.WithdrawUnlisted();
            await deltas.RunSoonAsync();
            metrics.Published(RejectionReason.None);
            Log.Published(log, publication.Generation, publication.TimestampVersion, publication.Releases.Length);
            return TypedResults.Ok(new PublicationView(true, publication.TimestampVersion, [.. publication.Releases.Select(ReleaseView.Of)]));
        }
        catch (RejectedException e)
        {
            metrics.Published(e.Rejection.Reason);
            Log.PublicationRefused(log, e.Rejection.Reason, e.Rejection.Detail);
            return Problems.OfPublication(e.Rejection);
        }
        catch (PublisherEndedException e)
        {
            Log.PublicationRefused(log, RejectionReason.None, e.Message);
            if (still is not null)
            {
                return Problems.Forbidden(e.Message);
            }

            request.HttpContext.Response.Headers.WWWAuthenticate = "Bearer";
            return Problems.OfStatus(StatusCodes.Status401Unauthorized, e.Message);
        }
        catch (AuthorizationServerAwayException e)
        {
            Log.AuthorizationServerAway(log, e.Message.ReplaceLineEndings(" "));
            return Problems.AuthorizationServerAway(request.HttpContext);
        }

        // The gate let it in when it began, and that may be hours ago.
        async Task<bool> MayStillAsync()
        {
            still = (await credentials.FindAsync(request.HttpContext)).Caller is { } caller && caller.Name == asker.Name ? caller : null;
            return still?.As(Role.Publisher).IsWhole == true;
        }
    }
}

/// <summary>What a publication led to.</summary>
internal sealed record PublicationView(bool Published, long TimestampVersion, IReadOnlyList<ReleaseView> Releases);

/// <summary>A listed release.</summary>
internal sealed record ReleaseView(
    string Product, string Version, string Target, string ManifestDigest, ulong Sequence, uint SecurityVersion, long ImageSize, long PackSize, IReadOnlyList<string> GateOverride)
{
    public static ReleaseView Of(Release r) => new(
        r.Product.ToString(),
        r.Version.ToString(),
        r.Target,
        r.ManifestDigest.ToString(),
        r.Sequence.Value,
        r.SecurityVersion.Value,
        r.ImageSize,
        r.PackSize,
        [.. r.GateOverride.Gates.Select(GateKinds.Name)]);
}
