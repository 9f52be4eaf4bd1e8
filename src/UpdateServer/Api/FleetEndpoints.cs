using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>The fleet, for operators.</summary>
internal static class FleetEndpoints
{
    private const string WantedSite = "wanted a role over the site that the device is said to stand at";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/devices", List);
        api.MapGet("/devices/{device}", Show);
        api.MapGet("/fleet/status", (Asker asker, RolloutCoordinator coordinator, TimeProvider time) => FleetStatusView.Of(
            coordinator.Devices.Where(d => asker.Caller.Covers(d.Product, coordinator.TraitsOf(d.Device)?.Site)), coordinator.Rollouts.Where(r => asker.Caller.IsTouchedBy(r.Plan)), time.GetUtcNow()));
        api.MapPut("/devices/{device}/traits", Describe);
        api.MapPatch("/devices/{device}/traits", Amend);
        api.MapPut("/devices/{device}/product", Assign);
    }

    /// <summary>What a state of a report is called on the wire.</summary>
    public static string NameOf(ReportState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    /// <summary>Whether a device is in scope; one that never checked in, and whose name is no product's, is in the scope of those alone who have no bounds.</summary>
    public static bool IsInScope(DeviceId device, Caller caller, RolloutCoordinator coordinator) => coordinator.ProductOf(device) is { } product
        ? caller.Covers(product, coordinator.TraitsOf(device)?.Site)
        : caller.IsWhole;

    /// <summary>
    /// As <see cref="IsInScope"/>, with where the device stands as the store has it now: for whoever changes something that is kept apart from the fleet. A device that is moved
    /// after that is as one that is moved after the whole.
    /// </summary>
    public static bool IsInScopeNow(DeviceId device, Caller caller, RolloutCoordinator coordinator)
    {
        coordinator.CatchUp();
        return IsInScope(device, caller, coordinator);
    }

    public static ProblemHttpResult NoDevice() => Problems.OfStatus(StatusCodes.Status404NotFound, "no device has this name");

    private static Results<Ok<IEnumerable<DeviceView>>, ProblemHttpResult> List([AsParameters] DeviceQuery query, HttpRequest request, Asker asker, RolloutCoordinator coordinator)
    {
        try
        {
            return TypedResults.Ok<IEnumerable<DeviceView>>([.. query.Of(request, asker.Caller, coordinator).Select(d => View(d, coordinator))]);
        }
        catch (RejectedException e)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
    }

    private static Results<Ok<DeviceView>, ProblemHttpResult> Show(string device, Asker asker, RolloutCoordinator coordinator) =>
        DeviceId.TryParse(device, out DeviceId? id) && coordinator.FindDevice(id) is { } record && asker.Caller.Covers(record.Product, coordinator.TraitsOf(id)?.Site)
            ? TypedResults.Ok(View(record, coordinator))
            : NoDevice();

    private static DeviceView View(DeviceRecord device, RolloutCoordinator coordinator) => DeviceView.Of(device, coordinator.DeferralOf(device.Device), coordinator.TraitsOf(device.Device));

    private static Results<Ok<TraitView>, ProblemHttpResult> Amend(string device, TraitPatch patch, Asker asker, RolloutCoordinator coordinator) => Say(device, patch.Apply, asker, coordinator);

    private static Results<Ok<TraitView>, ProblemHttpResult> Describe(string device, TraitView view, Asker asker, RolloutCoordinator coordinator) => Say(device, before => view.ToTraits(before.Device), asker, coordinator);

    /// <summary>
    /// Says something else of a device. Scope is judged within the change, with what is said of the device at that moment: judged before it, a device that somebody else moves
    /// meanwhile, here or at another server, would be taken from them.
    /// </summary>
    private static Results<Ok<TraitView>, ProblemHttpResult> Say(string device, Func<DeviceTraits, DeviceTraits> change, Asker asker, RolloutCoordinator coordinator)
    {
        if (!DeviceId.TryParse(device, out DeviceId? id))
        {
            return NoDevice();
        }

        try
        {
            return TypedResults.Ok(TraitView.Of(coordinator.Describe(id, asker.Name, (record, before) =>
            {
                if (!(record is null ? asker.Caller.IsWhole : asker.Caller.Covers(record.Product, before.Site)))
                {
                    throw new OutsideException(NoDevice());
                }

                // A device is not moved out of one's own scope: that would take it from others, or give it to them.
                DeviceTraits after = change(before);
                return record is null || asker.Caller.Covers(record.Product, after.Site) ? after : throw new OutsideException(Problems.OutOfScope(WantedSite));
            })));
        }
        catch (OutsideException e)
        {
            return e.Problem;
        }
        catch (RejectedException e)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
    }

    private static Results<Ok<ProductView>, ProblemHttpResult> Assign(string device, ProductAssignment assignment, Asker asker, RolloutCoordinator coordinator)
    {
        if (!DeviceId.TryParse(device, out DeviceId? id))
        {
            return NoDevice();
        }

        if (!ProductName.TryParse(assignment.Product, out ProductName? product))
        {
            return Problems.OutOfRange("product: wanted the name of a product, got something else");
        }

        try
        {
            coordinator.Assign(id, product, asker.Name, (before, traits) =>
            {
                if (!(before is null ? asker.Caller.IsWhole : asker.Caller.Covers(before, traits.Site)))
                {
                    throw new OutsideException(NoDevice());
                }

                if (!asker.Caller.Covers(product, traits.Site))
                {
                    throw new OutsideException(Problems.OutOfScope("wanted a role over the product that the name is to be of, at the device's site"));
                }
            });
            return TypedResults.Ok(new ProductView(id.ToString(), product.ToString()));
        }
        catch (OutsideException e)
        {
            return e.Problem;
        }
    }
}

/// <summary>Of which product a name is to be.</summary>
internal sealed record ProductAssignment(string Product);

/// <summary>Of which product a name is.</summary>
internal sealed record ProductView(string Device, string Product);

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
        FleetEndpoints.NameOf(d.State),
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
