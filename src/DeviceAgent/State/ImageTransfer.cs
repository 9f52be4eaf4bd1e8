using System.Text.Json;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>By which packs an image came.</summary>
public enum TransferKind
{
    /// <summary>As the full pack.</summary>
    Full = 1,

    /// <summary>As a delta against the image that ran.</summary>
    Delta = 2,

    /// <summary>A delta was asked for and refused or given up, at its beginning or at some chunk; from there on the full pack was taken.</summary>
    DeltaThenFull = 3,
}

/// <summary>What it took to fetch an image as a whole.</summary>
/// <param name="Release">Version of the release that the image is of.</param>
/// <param name="Kind">By which packs it came, over all attempts.</param>
/// <param name="Bytes">
/// All that was fetched after the manifest, over all attempts: chunk table, packs, and what was fetched twice as transfers broke. An attempt that was killed counts up to its last checkpoint.
/// </param>
/// <param name="ImageSize">Length of the image in bytes.</param>
public sealed record ImageTransfer(ReleaseVersion Release, TransferKind Kind, long Bytes, long ImageSize)
{
    internal static ImageTransfer Read(JsonElement json) => new(
        ReleaseVersion.Parse(json.RequiredText("release")),
        json.RequiredEnum<TransferKind>("kind"),
        json.GetProperty("bytes").GetInt64(),
        json.GetProperty("image_size").GetInt64());

    internal void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("release", Release.ToString());
        json.WriteString("kind", Kind.ToString());
        json.WriteNumber("bytes", Bytes);
        json.WriteNumber("image_size", ImageSize);
        json.WriteEndObject();
    }
}
