using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Signs for a server's log, as the signer does, and reads it as auditors do.</summary>
internal sealed class AuditSigner(string origin = "updates.example/audit")
{
    private readonly SoftwareKey _key = SoftwareKey.Ed25519();

    public NoteKey Key => NoteKey.Of(origin, _key.PublicKey);

    /// <summary>What the signer would send: a signed checkpoint of the tree as it is.</summary>
    public Task<object> CheckpointAsync(ServerUnderTest server) => CheckpointAsync(server.Operator);

    private async Task<object> CheckpointAsync(HttpClient auditor)
    {
        using HttpResponseMessage response = await auditor.GetAsync("/api/v1/audit/tree-head");
        JsonElement head = await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        return Checkpoint(head.GetProperty("size").GetInt64(), Sha256Digest.Parse(head.GetProperty("root").GetString()!));
    }

    /// <summary>A checkpoint that says this.</summary>
    public object Checkpoint(long size, Sha256Digest root)
    {
        string text = new Checkpoint(origin, size, root).ToText();
        return new { vkey = Key.Text, checkpoint = Encoding.UTF8.GetString(SignedNote.Assemble(text, Key, _key.Sign(SignedNote.ToBeSigned(text))).Bytes.Span) };
    }

    /// <summary>Signs for all that is there.</summary>
    public Task<VerifiedCheckpoint> SignAsync(ServerUnderTest server) => SignAsync(server.Operator);

    /// <inheritdoc cref="SignAsync(ServerUnderTest)"/>
    /// <param name="auditor">Who may ask for the tree's head and bring checkpoints.</param>
    /// <returns>What was signed.</returns>
    public async Task<VerifiedCheckpoint> SignAsync(HttpClient auditor)
    {
        object request = await CheckpointAsync(auditor);
        using HttpResponseMessage response = await auditor.PostAsync("/api/v1/audit/checkpoints", JsonContent.Create(request));
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        return VerifiedCheckpoint.Verify(Encoding.UTF8.GetBytes(JsonSerializer.SerializeToElement(request).GetProperty("checkpoint").GetString()!), Key).OrThrow();
    }

    /// <summary>Reads and verifies everything that the server serves; gives its entries.</summary>
    public Task<IReadOnlyList<LogEntry>> ReadAsync(ServerUnderTest server, params VerifiedCheckpoint[] earlier) => ReadAsync(server.Operator, earlier);

    /// <inheritdoc cref="ReadAsync(ServerUnderTest, VerifiedCheckpoint[])"/>
    public async Task<IReadOnlyList<LogEntry>> ReadAsync(HttpClient auditor, params VerifiedCheckpoint[] earlier)
    {
        Dictionary<string, byte[]> files = await MirrorAsync(auditor);
        return Audit(files, earlier).OrThrow();
    }

    /// <summary>Verifies a copy of a log.</summary>
    public Verdict<IReadOnlyList<LogEntry>> Audit(IReadOnlyDictionary<string, byte[]> files, params VerifiedCheckpoint[] earlier) => Verdict.Of(() =>
    {
        List<LogEntry> entries = [];
        Copy copy = new(files);
        _ = LogAudit.Run(copy, VerifiedCheckpoint.Verify(files[ITileSource.Checkpoint], Key).OrThrow(), earlier, (number, bytes) =>
        {
            entries.Add(LogEntry.Decode(bytes).OrThrow());
            Assert.That(entries[^1].Number, Is.EqualTo(number));
        }).OrThrow();
        return (IReadOnlyList<LogEntry>)entries;
    });

    /// <summary>Every file of the log, as it is served.</summary>
    public static Task<Dictionary<string, byte[]>> MirrorAsync(ServerUnderTest server) => MirrorAsync(server.Operator);

    private static async Task<Dictionary<string, byte[]>> MirrorAsync(HttpClient auditor)
    {
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal) { [ITileSource.Checkpoint] = await auditor.GetByteArrayAsync("/api/v1/audit/log/checkpoint") };
        long size = Manifest.Log.Checkpoint.Parse(SignedNote.Decode(files[ITileSource.Checkpoint]).OrThrow().Text).Size;
        foreach (TileAddress tile in TileAddress.OfTree(size))
        {
            using HttpResponseMessage response = await auditor.GetAsync($"/api/v1/audit/log/{tile.Path}");
            Assert.That((tile.Path, response.StatusCode), Is.EqualTo((tile.Path, HttpStatusCode.OK)));
            files[tile.Path] = await response.Content.ReadAsByteArrayAsync();
        }

        return files;
    }

    private sealed class Copy(IReadOnlyDictionary<string, byte[]> files) : ITileSource
    {
        public byte[]? Read(string path, int maxBytes) => files.GetValueOrDefault(path);
    }
}
