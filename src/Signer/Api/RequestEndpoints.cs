using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Requests;
using Fota.Signer.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Fota.Signer.Api;

/// <summary>Requests for releases, from their submission to their publication.</summary>
internal static class RequestEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/requests", SubmitAsync).WithName("submit").WithSummary("Asks for a release, a reissue or a withdrawal. Asked twice, it is asked once.");
        api.MapGet("/requests", ListAsync).WithName("list").WithSummary("All requests, the newest first.");
        api.MapGet("/requests/{id}", ShowAsync).WithName("show").WithSummary("One request.");
        api.MapPut("/requests/{id}/content/{name}", TakeAsync).WithName("send").WithSummary("Sends a file that the request announced: image-0, image-1 or sbom.").Accepts<byte[]>("application/octet-stream");
        api.MapGet("/requests/{id}/draft/{name}", ReadDraft).WithName("readDraft").WithSummary("A file of the draft, for approvers, while it is to be approved: manifest.suit, chunk-table, pack, chunk-table-1, pack-1, sbom.json.").Produces<byte[]>(StatusCodes.Status200OK, "application/octet-stream");
        api.MapPost("/requests/{id}/approval", ApproveAsync).WithName("approve").WithSummary("Brings an approval: the approver's own signatures.").Accepts<ApprovalDocument>("application/json");
        api.MapPost("/requests/{id}/rejection", RejectAsync).WithName("reject").WithSummary("Ends a request with an approver's no.");
        api.MapPost("/requests/{id}/withdrawal", WithdrawAsync).WithName("withdraw").WithSummary("Takes a request back.");
        api.MapPost("/requests/{id}/publication", PublishAsync).WithName("publish").WithSummary("Publishes what was approved.");
    }

    private static async Task<Results<Created<RequestView>, Ok<RequestView>>> SubmitAsync(RequestDocument document, HttpContext context, SigningService service, CancellationToken cancellation)
    {
        (RequestRecord record, bool isNew) = await service.Desk.SubmitAsync(context.Who(), ReleaseRequest.Of(document), cancellation);
        await service.PrepareSoonAsync();
        RequestView view = service.View(record);
        return isNew ? TypedResults.Created($"/api/v1/requests/{record.Id}", view) : TypedResults.Ok(view);
    }

    private static async Task<Ok<IEnumerable<RequestView>>> ListAsync(SigningService service, CancellationToken cancellation) =>
        TypedResults.Ok((await service.Desk.ListAsync(cancellation)).Select(service.View));

    private static async Task<Ok<RequestView>> ShowAsync(string id, SigningService service, CancellationToken cancellation) =>
        TypedResults.Ok(service.View(await service.Desk.GetAsync(id, cancellation)));

    private static async Task<Ok<RequestView>> TakeAsync(string id, string name, HttpContext context, SigningService service, CancellationToken cancellation)
    {
        RequestRecord record = await service.Desk.GetAsync(id, cancellation);
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = record.Request.Contents.Select(static content => (long?)content.Size).Max() ?? 0;
        RequestView view = service.View(await service.Desk.TakeContentAsync(context.Who(), id, name, context.Request.Body, cancellation));
        await service.PrepareSoonAsync();
        return TypedResults.Ok(view);
    }

    private static async Task<FileStreamHttpResult> ReadDraft(string id, string name, HttpContext context, SigningService service, HomeFolder folder, CancellationToken cancellation)
    {
        // For who is to approve it, while it is to be approved: with the approver's signature in it an envelope is all that some devices ask for.
        context.Who().Demand(PersonRole.Approver);
        RequestRecord record = await service.Desk.GetAsync(id, cancellation);
        ReleaseDraft draft = ReleaseDraft.Of(folder, record.Request.Product, record.Request.Version);
        string? path = name switch
        {
            "manifest.suit" => draft.EnvelopeFile,
            "chunk-table" => draft.TableFile(0),
            "chunk-table-1" => draft.TableFile(1),
            "pack" => draft.PackFile(0),
            "pack-1" => draft.PackFile(1),
            "sbom.json" => draft.SbomFile,
            _ => null,
        };
        return record.State == RequestState.Pending && draft.IsOf(id) && path is not null && File.Exists(path)
            ? TypedResults.File(File.OpenRead(path), "application/octet-stream", enableRangeProcessing: true)
            : throw new ServiceRefusalException(ServiceRefusal.NotFound, $"request {id} ({RequestNames.Of(record.State)}) has no draft file {name}");
    }

    private static async Task<Ok<RequestView>> ApproveAsync(string id, HttpContext context, SigningService service, CancellationToken cancellation)
    {
        context.Who().Demand(PersonRole.Approver);
        ApprovalDocument approval = ApprovalDocument.Parse(await context.ReadDocumentAsync(ApprovalDocument.MaxBytes, cancellation));
        return TypedResults.Ok(service.View(await service.Desk.ApproveAsync(context.Who(), id, approval, cancellation)));
    }

    private static async Task<Ok<RequestView>> RejectAsync(string id, ReasonDocument why, HttpContext context, SigningService service, CancellationToken cancellation) =>
        TypedResults.Ok(service.View(await service.Desk.RejectAsync(context.Who(), id, why.Reason, cancellation)));

    private static async Task<Ok<RequestView>> WithdrawAsync(string id, ReasonDocument why, HttpContext context, SigningService service, CancellationToken cancellation) =>
        TypedResults.Ok(service.View(await service.Desk.WithdrawAsync(context.Who(), id, why.Reason, cancellation)));

    private static async Task<Ok<RequestView>> PublishAsync(string id, HttpContext context, SigningService service, CancellationToken cancellation)
    {
        RequestView view = service.View(await service.Desk.PublishAsync(context.Who(), id, cancellation));
        await service.RenewSoonAsync();
        return TypedResults.Ok(view);
    }
}
