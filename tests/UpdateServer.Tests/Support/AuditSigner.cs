using System.Net;
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
    public async Task<object> CheckpointAsync(ServerUnderTest server)
    {
        JsonElement head = await server.GetAsync("/api/v1/audit/tree-head");
        return Checkpoint(head.GetProperty("size").GetInt64(), Sha256Digest.Parse(head.GetProperty("root").GetString()!));
    }

    /// <summary>A checkpoint that says this.</summary>
    public object Checkpoint(long size, Sha256Digest root)
    {
        string text = new Checkpoint(origin, size, root).ToText();
        return new { vkey = Key.Text, checkpoint = Encoding.UTF8.GetString(SignedNote.Assemble(text, Key, _key.Sign(SignedNote.ToBeSigned(text))).Bytes.Span) };
    }

    /// <summary>Signs for all that is there.</summary>
    public async Task SignAsync(ServerUnderTest server) => await server.PostAsync("/api/v1/audit/checkpoints", await CheckpointAsync(server));

    /// <summary>Reads and verifies everything that the server serves; gives its entries.</summary>
    public async Task<IReadOnlyList<LogEntry>> ReadAsync(ServerUnderTest server, params VerifiedCheckpoint[] earlier)
    {
        Dictionary<string, byte[]> files = await MirrorAsync(server);
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
    public static async Task<Dictionary<string, byte[]>> MirrorAsync(ServerUnderTest server)
    {
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal) { [ITileSource.Checkpoint] = await server.Operator.GetByteArrayAsync("/api/v1/audit/log/checkpoint") };
        long size = Manifest.Log.Checkpoint.Parse(SignedNote.Decode(files[ITileSource.Checkpoint]).OrThrow().Text).Size;
        foreach (TileAddress tile in TileAddress.OfTree(size))
        {
            using HttpResponseMessage response = await server.Operator.GetAsync($"/api/v1/audit/log/{tile.Path}");
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
