using System.Text.Json;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Health;

/// <summary>Reads what the firmware's self-test left: {"health": "ok"} or {"health": "fail", "detail": "..."} in run/health.json.</summary>
internal sealed class FileHealthCheck : IHealthCheck
{
    private const string FileName = "run/health.json";

    private readonly IDurableStore _store;

    /// <summary>Looks in <paramref name="store"/>.</summary>
    public FileHealthCheck(IDurableStore store) => _store = store;

    /// <summary>Called by the firmware: <paramref name="failure"/> is null when its self-test passed.</summary>
    public static void Report(IDurableStore store, string? failure)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Replace(FileName, StoredJson.Write(json =>
        {
            json.WriteString("health", failure is null ? "ok" : "fail");
            json.WriteString("detail", failure);
        }));
    }

    /// <summary>Called by the boot ROM: a new boot knows nothing of the health of the one before.</summary>
    public static void Forget(IDurableStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Delete(FileName);
    }

    /// <inheritdoc/>
    public Task<HealthVerdict> CheckAsync(CancellationToken cancellation)
    {
        try
        {
            return Task.FromResult(StoredJson.Read(_store, FileName, Read));
        }
        catch (DeviceStateException e)
        {
            return Task.FromResult<HealthVerdict>(new HealthVerdict.Unhealthy(e.Message));
        }
    }

    private static HealthVerdict Read(JsonElement json) => json.RequiredText("health") is "ok"
        ? new HealthVerdict.Healthy()
        : new HealthVerdict.Unhealthy(json.OptionalText("detail") ?? "the self-test failed");
}
