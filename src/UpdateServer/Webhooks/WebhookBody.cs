using System.Text.Json;
using Fota.Manifest.Log;
using Fota.UpdateServer.Audit;

namespace Fota.UpdateServer.Webhooks;

/// <summary>What is told: a function of the log's entry, so that a message which comes again is the same message.</summary>
/// <param name="Id">Of the message, for ever the same.</param>
/// <param name="Json">The body.</param>
internal sealed record WebhookBody(string Id, byte[] Json)
{
    private const int IdDigits = 32;

    public static WebhookBody Of(ReadOnlyMemory<byte> bytes)
    {
        LogEntry entry = LogEntry.Decode(bytes).OrThrow();
        object told = new { type = entry.Kind, timestamp = entry.Time, data = new { number = entry.Number, actor = entry.Actor, subject = entry.Subject, facts = entry.Facts } };
        return new WebhookBody($"msg_{MerkleHash.Leaf(bytes.Span).ToString()[..IdDigits]}", JsonSerializer.SerializeToUtf8Bytes(told, LogText.Json));
    }
}
