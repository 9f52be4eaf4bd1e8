using Fota.Manifest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Api;

/// <summary>What is to be said otherwise of a device. Members that are left out stay as they are, an empty text says that it is not known any more; one request is one change, whoever else makes another.</summary>
internal sealed record TraitPatch(string? Site = null, string? Hardware = null, string? TimeZone = null, IReadOnlyList<string>? AddTags = null, IReadOnlyList<string>? RemoveTags = null)
{
    /// <summary>What is said of the device then.</summary>
    /// <param name="before">What is said of it now; of one of which nothing is said, its name alone.</param>
    /// <exception cref="RejectedException">A name is none, there is no such time zone, there are too many tags, or a tag is to be put on and taken off.</exception>
    public DeviceTraits Apply(DeviceTraits before)
    {
        IReadOnlyList<string> add = AddTags ?? [], remove = RemoveTags ?? [];
        if (!remove.All(StageRules.IsName))
        {
            throw Demand.Wrong("remove_tags", "names", "something else");
        }

        return add.FirstOrDefault(remove.Contains) is { } both
            ? throw Demand.Wrong("remove_tags", "other tags than add_tags", both)
            : new TraitView(Patched(Site, before.Site), Patched(Hardware, before.Hardware), Patched(TimeZone, null), [.. before.Tags.Except(remove).Union(add)]).ToTraits(before.Device) is var after && TimeZone is null
                ? after with { TimeZone = before.TimeZone, ZoneName = before.ZoneName }
                : after;
    }

    private static string? Patched(string? said, string? before) => said switch { null => before, "" => null, _ => said };
}
