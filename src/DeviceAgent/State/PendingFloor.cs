using System.Text.Json;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>The intent to raise the floor to the security version of a confirmed release, once that was kept for long enough.</summary>
/// <param name="Manifest">The release.</param>
/// <param name="Since">When it was confirmed, by the device's clock.</param>
internal sealed record PendingFloor(Sha256Digest Manifest, DateTimeOffset Since)
{
    public static PendingFloor Read(JsonElement json) => new(
        Sha256Digest.Parse(json.RequiredText("manifest_digest")),
        DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("since").GetInt64()));

    public void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("manifest_digest", Manifest.ToString());
        json.WriteNumber("since", Since.ToUnixTimeSeconds());
        json.WriteEndObject();
    }
}
