using System.Text.Json;
using Fota.Manifest.Log;

namespace Fota.Manifest.Metadata;

/// <summary>The members "logs" and "server_logs" of a timestamp in our profile (docs/spec/repository.md ): TUF lets writers add members, and its clients pass over them.</summary>
internal static class PinnedLogs
{
    public const string Member = "logs", ServerMember = "server_logs";

    private const string Vkey = "vkey", Checkpoint = "checkpoint";

    /// <exception cref="RejectedException">One is no checkpoint that its key signed.</exception>
    public static IReadOnlyList<VerifiedCheckpoint> Read(JsonElement signed, string member)
    {
        if (!signed.TryGetProperty(member, out _))
        {
            return [];
        }

        JsonElement logs = signed.Array(member);
        if (logs.GetArrayLength() is 0 or > TimestampMetadata.MaxLogs)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"\"{member}\": wanted 1 to {TimestampMetadata.MaxLogs}, or no such member, got {logs.GetArrayLength()}");
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

    public static void Write(Utf8JsonWriter writer, string member, IReadOnlyList<VerifiedCheckpoint> logs)
    {
        if (logs.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(member);
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
