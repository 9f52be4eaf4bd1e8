using System.Text.Json;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Deltas;

namespace Fota.UpdateServer.Api;

/// <summary>Delta packs, for operators.</summary>
internal static class PackEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/packs", (Asker asker, DeltaPlanner planner, DeltaCatalog catalog, DeltaMaker maker) =>
        planner.Plan().Where(wanted => asker.Caller.IsAbout(wanted.To.Product)).Select(wanted => PackView.Of(wanted, catalog.Find(wanted.Key), maker.SizeOfFull(wanted.Image))));
}

/// <summary>A delta pack that devices of now have a use for, as operators see it.</summary>
internal sealed record PackView(
    string Product, string Version, string BaseVersion, string BaseImage, string Image, string? Pack, long? Size, long FullSize, int Devices, string State, string? Detail)
{
    private const string Waiting = "waiting";

    public static PackView Of(WantedDelta wanted, DeltaRecord? record, long fullSize) => new(
        wanted.To.Product.ToString(),
        wanted.To.Content.ReleaseVersion.ToString(),
        wanted.From.Content.ReleaseVersion.ToString(),
        wanted.Key.Base.ToString(),
        wanted.Key.Image.ToString(),
        record?.Pack?.ToString(),
        record?.Size,
        fullSize,
        wanted.Devices,
        record is null ? Waiting : JsonNamingPolicy.SnakeCaseLower.ConvertName(record.State.ToString()),
        record?.Detail);
}
