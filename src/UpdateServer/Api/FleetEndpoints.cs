using System.Text.Json;
using Fota.Manifest;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>The fleet, for operators.</summary>
internal static class FleetEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/devices", (Asker asker, RolloutCoordinator coordinator) => coordinator.Devices.Where(device => asker.Caller.Covers(device.Product, coordinator.TraitsOf(device.Device)?.Site)).Select(device => DeviceView.Of(device, coordinator.DeferralOf(device.Device), coordinator.TraitsOf(device.Device))));
        api.MapPut("/devices/{device}/traits", Describe);
    }

    /// <summary>Whether a device is in scope; one that never checked in is of no product yet, and in the scope of those alone who have no bounds.</summary>
    public static bool IsInScope(DeviceId device, Caller caller, RolloutCoordinator coordinator) => coordinator.FindDevice(device) is { } record
        ? caller.Covers(record.Product, coordinator.TraitsOf(device)?.Site)
        : caller.IsWhole;

    public static ProblemHttpResult NoDevice() => Problems.OfStatus(StatusCodes.Status404NotFound, "no device has this name");

    private static Results<Ok<TraitView>, ProblemHttpResult> Describe(string device, TraitView view, Asker asker, RolloutCoordinator coordinator)
    {
        if (!DeviceId.TryParse(device, out DeviceId? id) || !IsInScope(id, asker.Caller, coordinator))
        {
            return NoDevice();
        }

        // A device is not moved out of one's own scope: that would take it from others, or give it to them.
        if (coordinator.FindDevice(id) is { } record && !asker.Caller.Covers(record.Product, view.Site))
        {
            return Problems.OutOfScope("wanted a role over the site that the device is said to stand at");
        }

        try
        {
            DeviceTraits traits = view.ToTraits(id);
            coordinator.Describe(traits, asker.Name);
            return TypedResults.Ok(TraitView.Of(traits));
        }
        catch (RejectedException e)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
    }
}

/// <summary>What operators say of a device; what is left out is not known.</summary>
internal sealed record TraitView(string? Site = null, string? Hardware = null, string? TimeZone = null, IReadOnlyList<string>? Tags = null)
{
    private const int MaxTags = 64;

    public static TraitView Of(DeviceTraits t) => new(t.Site, t.Hardware, t.ZoneName, [.. t.Tags.Order(StringComparer.Ordinal)]);

    /// <exception cref="RejectedException">A name is none, or there is no such time zone.</exception>
    public DeviceTraits ToTraits(DeviceId device) => new(device)
    {
        Site = Name(Site, "site"),
        Hardware = Name(Hardware, "hardware"),
        TimeZone = TimeZone is null ? null : TimeZones.Require(TimeZone, "time_zone"),
        Tags = [.. Demand.AtMost(Tags ?? [], MaxTags, "tags").Select(static t => Name(t, "tags") ?? throw Demand.Wrong("tags", "names", "null"))],
    };

    private static string? Name(string? name, string what) => name is null || StageRules.IsName(name) ? name : throw Demand.Wrong(what, "1 to 64 characters, none of them a control character", $"{name.Length} characters");
}

/// <summary>A device, as operators see it: what it said last, and why it waits with the release that it is asked to install.</summary>
internal sealed record DeviceView(
    string Device, string Product, string Version, string Slot, uint Floor, string State, string ManifestDigest, string? Deployment, string? Reason, string? Detail, string? Deferral, DateTimeOffset LastSeen,
    string? Site, string? Hardware, string? TimeZone, IReadOnlyList<string> Tags)
{
    public static DeviceView Of(DeviceRecord d, string? deferral, DeviceTraits? traits) => new(
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
        d.LastSeen,
        traits?.Site,
        traits?.Hardware,
        traits?.ZoneName,
        traits is null ? [] : [.. traits.Tags.Order(StringComparer.Ordinal)]);
}
