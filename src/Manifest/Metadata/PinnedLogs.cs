using System.Text.Json;
using Fota.Manifest.Log;

namespace Fota.Manifest.Metadata;

/// <summary>The member "logs" of a timestamp in our profile (docs/spec/repository.md R-16): TUF lets writers add members, and its clients pass over them.</summary>
internal static class PinnedLogs
{
    private const string Member = "logs", Vkey = "vkey", Checkpoint = "checkpoint";

    /// <exception cref="RejectedException">One is no checkpoint that its key signed.</exception>
    public static IReadOnlyList<VerifiedCheckpoint> Read(JsonElement signed)
    {
        if (!signed.TryGetProperty(Member, out _))
        {
            return [];
        }

        JsonElement logs = signed.Array(Member);
        if (logs.GetArrayLength() is 0 or > TimestampMetadata.MaxLogs)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"\"{Member}\": wanted 1 to {TimestampMetadata.MaxLogs}, or no such member, got {logs.GetArrayLength()}");
        }

        List<VerifiedCheckpoint> read = [];
        foreach (JsonElement log in logs.EnumerateArray())
        {
            NoteKey key = NoteKey.Parse(log.Text(Vkey));
            read.Add(VerifiedCheckpoint.Demand(System.Text.Encoding.UTF8.GetBytes(log.Text(Checkpoint)), key));
            log.AllowOnly(Vkey, Checkpoint);
        }

        return read;
    }

    public static void Write(Utf8JsonWriter writer, IReadOnlyList<VerifiedCheckpoint> logs)
    {
        if (logs.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(Member);
        foreach (VerifiedCheckpoint log in logs)
        {
            writer.WriteStartObject();
            writer.WriteString(Vkey, log.Key.Text);
            writer.WriteString(Checkpoint, log.Note.Bytes.Span);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
