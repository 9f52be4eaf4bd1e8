using System.Text.Json;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>The last time that a device to which nothing was assigned looked at root and timestamp.</summary>
/// <param name="At">When, by the device's time.</param>
/// <param name="Problem">What was wrong with them; null for nothing.</param>
internal sealed record MetadataLook(DateTimeOffset At, Rejection? Problem)
{
    public static MetadataLook Read(JsonElement json) => new(
        DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("at").GetInt64()),
        json.TryGetProperty("reason", out _) ? new Rejection(json.RequiredEnum<RejectionReason>("reason"), json.RequiredText("detail")) : null);

    public void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteNumber("at", At.ToUnixTimeSeconds());
        if (Problem is not null)
        {
            json.WriteString("reason", Problem.Reason.ToString());
            json.WriteString("detail", Problem.Detail);
        }

        json.WriteEndObject();
    }
}
