using System.Text.Json;
using Fota.Manifest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Api;

/// <summary>The fleet, for operators.</summary>
internal static class FleetEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/devices", (RolloutCoordinator coordinator) => coordinator.Devices.Select(device => DeviceView.Of(device, coordinator.DeferralOf(device.Device))));
}

/// <summary>A device, as operators see it: what it said last, and why it waits with the release that it is asked to install.</summary>
internal sealed record DeviceView(
    string Device, string Product, string Version, string Slot, uint Floor, string State, string ManifestDigest, string? Deployment, string? Reason, string? Detail, string? Deferral, DateTimeOffset LastSeen)
{
    public static DeviceView Of(DeviceRecord d, string? deferral) => new(
        d.Device.ToString(),
        d.Product.ToString(),
        d.Version.ToString(),
        d.Slot == 0 ? "A" : "B",
        d.Floor.Value,
        JsonNamingPolicy.SnakeCaseLower.ConvertName(d.State.ToString()),
        d.ManifestDigest.ToString(),
        d.Deployment,
        d.Reason == RejectionReason.None ? null : d.Reason.ToString(),
        d.Detail,
        deferral,
        d.LastSeen);
}
