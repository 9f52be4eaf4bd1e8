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
    private const int DefaultPage = 100, LargestPage = 1000, MostReads = 10;

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/alarms", List);

    private static Results<Ok<AlarmPage>, ProblemHttpResult> List(Asker asker, IAlarmStore store, RolloutCoordinator coordinator, long before = long.MaxValue, int limit = DefaultPage, bool all = false, CancellationToken aborted = default)
    {
        if (limit is < 1 or > LargestPage)
        {
            return Problems.OutOfRange($"limit: wanted 1 to {LargestPage}, got {limit}");
        }

        // What others alone may see costs a request a bounded number of reads, however little it asks for; whoever asks goes on from there.
        List<AlarmView> shown = [];
        for (int read = 0; read < MostReads; read++)
        {
            aborted.ThrowIfCancellationRequested();
            IReadOnlyList<Alarm> page = store.Page(before, LargestPage, all);
            foreach (Alarm alarm in page.Where(a => IsInScope(a, asker.Caller, coordinator)))
            {
                if (shown.Count == limit)
                {
                    return TypedResults.Ok(new AlarmPage(shown, shown[^1].Number));
                }

                shown.Add(AlarmView.Of(alarm));
            }

            if (page.Count < LargestPage)
            {
                return TypedResults.Ok(new AlarmPage(shown, null));
            }

            before = page[^1].Number;
        }

        return TypedResults.Ok(new AlarmPage(shown, before));
    }

    /// <summary>A device's by its product and the site where it stands; what is about no device is for whoever may see everything.</summary>
    private static bool IsInScope(Alarm alarm, Caller caller, RolloutCoordinator coordinator) =>
        ProductName.TryParse(alarm.Product, out ProductName? product) && DeviceId.TryParse(alarm.Subject, out DeviceId? device)
            ? caller.Covers(product, coordinator.TraitsOf(device)?.Site)
            : caller.IsWhole;
}

/// <summary>Some alarms, and from where there may be more: null for no more. There may be more after a page that has fewer than were asked for, or none.</summary>
internal sealed record AlarmPage(IReadOnlyList<AlarmView> Alarms, long? Next);

/// <summary>An alarm, as operators see it.</summary>
internal sealed record AlarmView(long Number, string Alarm, string Subject, string? Product, DateTimeOffset Raised, DateTimeOffset? Cleared, string Detail)
{
    public static AlarmView Of(Alarm a) => new(a.Number, AlarmChange.Word(a.Kind), a.Subject, a.Product, a.Raised, a.Cleared, a.Detail);
}
