using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Api;

/// <summary>Which devices somebody asks for, as the request's query says it: members that are left out ask for all.</summary>
internal sealed class DeviceQuery
{
    /// <summary>Most devices of one answer.</summary>
    public const int MaxPage = 1000;

    private static readonly string[] s_names = ["product", "site", "tag", "version", "state", "after", "limit"];

    public string? Product { get; init; }

    public string? Site { get; init; }

    public string? Tag { get; init; }

    public string? Version { get; init; }

    public string? State { get; init; }

    /// <summary>The last device of the answer before; devices come in the order of their names' bytes.</summary>
    public string? After { get; init; }

    /// <summary>Devices of one answer: 1 to <see cref="MaxPage"/>, which it is where nothing is said. A shorter answer is the last one.</summary>
    public int? Limit { get; init; }

    /// <summary>The devices of one answer.</summary>
    /// <exception cref="RejectedException">The query has a member that there is not, or one that is out of range.</exception>
    public IEnumerable<DeviceRecord> Of(HttpRequest request, Caller caller, RolloutCoordinator coordinator)
    {
        if (request.Query.Keys.FirstOrDefault(static name => !s_names.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw Demand.Wrong("query", string.Join(", ", s_names), unknown);
        }

        int limit = Demand.Within(Limit ?? MaxPage, 1, MaxPage, "limit")!.Value;
        ReportState? state = State is null ? null
            : Enum.GetValues<ReportState>().Where(s => s != default && FleetEndpoints.NameOf(s) == State).Cast<ReportState?>().FirstOrDefault() ?? throw Demand.Wrong("state", "a state of a report, as docs/spec/device-api.md names them", State);
        return coordinator.Devices
            .Where(d => After is null || string.CompareOrdinal(d.Device.ToString(), After) > 0)
            .Where(d => caller.Covers(d.Product, coordinator.TraitsOf(d.Device)?.Site) && IsMeant(d, coordinator.TraitsOf(d.Device)) && (state is null || d.State == state))
            .OrderBy(static d => d.Device.ToString(), StringComparer.Ordinal)
            .Take(limit);
    }

    private bool IsMeant(DeviceRecord device, DeviceTraits? traits) =>
        (Product is null || device.Product.ToString() == Product)
        && (Version is null || device.Version.ToString() == Version)
        && (Site is null || traits?.Site == Site)
        && (Tag is null || traits?.Tags.Contains(Tag) == true);
}
