using Fota.Manifest;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>What somebody should look at, the newest first, a page at a time.</summary>
internal static class AlarmEndpoints
{
    private const int DefaultPage = 100, LargestPage = 1000;

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/alarms", List);

    private static Results<Ok<AlarmPage>, ProblemHttpResult> List(Asker asker, IAlarmStore store, RolloutCoordinator coordinator, long before = long.MaxValue, int limit = DefaultPage, bool all = false)
    {
        if (limit is < 1 or > LargestPage)
        {
            return Problems.OutOfRange($"limit: wanted 1 to {LargestPage}, got {limit}");
        }

        List<AlarmView> shown = [];
        while (shown.Count < limit)
        {
            IReadOnlyList<Alarm> page = store.Page(before, limit, all);
            Alarm[] inside = [.. page.Where(a => IsInScope(a, asker.Caller, coordinator))];
            int room = limit - shown.Count;
            shown.AddRange(inside.Take(room).Select(AlarmView.Of));
            if (page.Count < limit)
            {
                return TypedResults.Ok(new AlarmPage(shown, inside.Length > room ? shown[^1].Number : null));
            }

            before = page[^1].Number;
        }

        return TypedResults.Ok(new AlarmPage(shown, shown[^1].Number));
    }

    /// <summary>A device's by its product and the site where it stands; what is about no device is for whoever may see everything.</summary>
    private static bool IsInScope(Alarm alarm, Caller caller, RolloutCoordinator coordinator) =>
        ProductName.TryParse(alarm.Product, out ProductName? product) && DeviceId.TryParse(alarm.Subject, out DeviceId? device)
            ? caller.Covers(product, coordinator.TraitsOf(device)?.Site)
            : caller.IsWhole;
}

/// <summary>Some alarms, and from where there are more: null for no more.</summary>
internal sealed record AlarmPage(IReadOnlyList<AlarmView> Alarms, long? Next);

/// <summary>An alarm, as operators see it.</summary>
internal sealed record AlarmView(long Number, string Alarm, string Subject, string? Product, DateTimeOffset Raised, DateTimeOffset? Cleared, string Detail)
{
    public static AlarmView Of(Alarm a) => new(a.Number, AlarmChange.Word(a.Kind), a.Subject, a.Product, a.Raised, a.Cleared, a.Detail);
}
