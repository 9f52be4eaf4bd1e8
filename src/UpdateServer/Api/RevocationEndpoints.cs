using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>Devices that administrators shut out, whatever their certificates say.</summary>
internal static class RevocationEndpoints
{
    private const int MaxReason = 500;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/device-revocations", (Asker asker, DeviceRevocations revocations, RolloutCoordinator coordinator) =>
            revocations.All.Where(r => FleetEndpoints.IsInScope(r.Device, asker.Caller, coordinator)).Select(RevocationView.Of));
        api.MapPost("/devices/{device}/revocation", Revoke);
        api.MapDelete("/devices/{device}/revocation", Reinstate);
    }

    private static Results<Ok<RevocationView>, ProblemHttpResult> Revoke(string device, RevocationRequest request, Asker asker, DeviceRevocations revocations, RolloutCoordinator coordinator)
    {
        if (!DeviceId.TryParse(device, out DeviceId? id) || !FleetEndpoints.IsInScopeNow(id, asker.Caller, coordinator))
        {
            return FleetEndpoints.NoDevice();
        }

        if (request.Reason.Length is < 1 or > MaxReason || request.Reason.Any(char.IsControl))
        {
            return Problems.OutOfRange($"reason: wanted 1 to {MaxReason} characters, none of them a control character, got another");
        }

        Sha256Digest? digest = null;
        if (request.KeyId is not null && !Sha256Digest.TryParse(request.KeyId, out digest))
        {
            return Problems.OutOfRange("key_id: wanted 64 lower-case hexadecimal digits, got something else");
        }

        DeviceRevocation revocation = revocations.Revoke(id, digest is null ? null : new KeyId(digest), request.Reason, asker.Name);
        coordinator.HearShutOut();
        return TypedResults.Ok(RevocationView.Of(revocation));
    }

    private static Results<NoContent, ProblemHttpResult> Reinstate(string device, Asker asker, DeviceRevocations revocations, RolloutCoordinator coordinator)
    {
        if (!DeviceId.TryParse(device, out DeviceId? id) || !FleetEndpoints.IsInScopeNow(id, asker.Caller, coordinator) || !revocations.Reinstate(id, asker.Name))
        {
            return Problems.OfStatus(StatusCodes.Status404NotFound, "no device of this name was shut out by its name");
        }

        coordinator.HearShutOut();
        return TypedResults.NoContent();
    }
}

/// <summary>Why a device is shut out, and the one key of it that is meant: left out, whatever certificate bears its name.</summary>
internal sealed record RevocationRequest(string Reason)
{
    public string? KeyId { get; init; }
}

/// <summary>A device that is shut out, as operators see it.</summary>
internal sealed record RevocationView(string Device, string? KeyId, string Reason, string By, DateTimeOffset At)
{
    public static RevocationView Of(DeviceRevocation r) => new(r.Device.ToString(), r.Key?.ToString(), r.Reason, r.By, r.At);
}
