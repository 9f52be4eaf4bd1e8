using Fota.Signer.Ceremony;
using Fota.Signer.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Fota.Signer.Api;

/// <summary>A keyholder's part in a ceremony, from another machine.</summary>
internal static class CeremonyEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/ceremony", ShowAsync).WithName("ceremony").WithSummary("The ceremony that is on its way: what it changes, and whose signatures are missing.");
        api.MapGet("/ceremony/package", PackageAsync).WithName("ceremonyPackage").WithSummary("What a keyholder needs to check and sign it, as a tar file.").Produces<byte[]>(StatusCodes.Status200OK, "application/x-tar");
        api.MapPost("/ceremony/signatures", TakeAsync).WithName("ceremonySignatures").WithSummary("Brings a keyholder's signatures.").Accepts<CarriedSignatures>("application/json");
    }

    private static async Task<Ok<CeremonyView>> ShowAsync(CeremonyDesk desk, CancellationToken cancellation) => TypedResults.Ok(await desk.ShowAsync(cancellation));

    private static async Task<FileStreamHttpResult> PackageAsync(HttpContext context, CeremonyDesk desk, CancellationToken cancellation) =>
        TypedResults.File(await desk.PackageAsync(context.Who(), cancellation), "application/x-tar");

    private static async Task<Ok<CeremonyView>> TakeAsync(HttpContext context, CeremonyDesk desk, CancellationToken cancellation)
    {
        context.Who().Demand(PersonRole.Ceremony);
        return TypedResults.Ok(await desk.TakeAsync(context.Who(), await context.ReadDocumentAsync(CarriedSignatures.MaxBytes, cancellation), cancellation));
    }
}
