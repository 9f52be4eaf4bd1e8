using System.Text.Json;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>How often in a row a release could not be brought into its slot whole.</summary>
/// <param name="Manifest">The release.</param>
/// <param name="Count">How often.</param>
internal sealed record SlotFailures(Sha256Digest Manifest, int Count)
{
    /// <summary>The flash may be at fault, and not the release: it is tried again, but not for ever, as every attempt wears the flash (A41).</summary>
    public const int Most = 3;

    public static SlotFailures Read(JsonElement json) => new(Sha256Digest.Parse(json.RequiredText("manifest_digest")), json.GetProperty("count").GetInt32());

    public void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("manifest_digest", Manifest.ToString());
        json.WriteNumber("count", Count);
        json.WriteEndObject();
    }
}
