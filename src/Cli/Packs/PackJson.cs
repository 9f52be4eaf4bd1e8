using Fota.Manifest.Packs;

namespace Fota.Cli.Packs;

/// <summary>A pack's summary as JSON.</summary>
internal static class PackJson
{
    public static void Print(PackSummary pack) => Output.Json(json =>
    {
        json.WriteStartObject();
        json.WriteString("kind", pack.Delta is null ? "full" : "delta");
        json.WriteString("image", pack.Image);
        json.WriteNumber("pack_size", pack.PackSize);
        if (pack.Delta is { } delta)
        {
            json.WriteNumber("image_size", delta.Head.ImageSize);
            json.WriteString("base", delta.Head.BaseName);
            json.WriteNumber("base_size", delta.Head.BaseSize);
            json.WriteNumber("chunk_size", delta.Head.ChunkSize);
            json.WriteString("profile", PackProfile.For(delta.Head.ChunkSize).Name);
            json.WriteNumber("chunks", delta.Head.Chunks);
            json.WriteNumber("copies", delta.Copies);
            json.WriteNumber("plan_bytes", delta.Head.PlanLength);
            json.WriteNumber("digest_bytes", delta.DigestsLength);
            json.WriteNumber("record_bytes", delta.RecordBytes);
        }
        else
        {
            json.WriteNumber("frames", pack.Frames);
        }

        json.WriteEndObject();
    });
}
