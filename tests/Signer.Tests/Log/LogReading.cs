using System.Text;
using System.Text.Json;
using Fota.Manifest.Log;

namespace Fota.Signer.Tests.Log;

/// <summary>A world's log, as somebody reads it who has the folder and the key alone.</summary>
internal static class LogReading
{
    /// <summary>Every entry that the checkpoint covers, proven against it.</summary>
    public static async Task<List<LogEntry>> LogEntriesAsync(this SignerWorld world)
    {
        string vkey = (await world.RunAsync("log", "show", "--home", world.Home)).Ok().Value("vkey");
        List<byte[]> entries = IndependentLog.Verify(world.HomeFolder.Log, vkey);
        foreach (byte[] entry in entries)
        {
            using JsonDocument json = JsonDocument.Parse(entry);
            Assert.That(json.RootElement.EnumerateObject().Select(static member => member.Name), Is.EqualTo(["actor", "facts", "kind", "number", "subject", "time"]), Encoding.UTF8.GetString(entry));
        }

        return [.. entries.Select(static entry => LogEntry.Decode(entry).OrThrow())];
    }
}
