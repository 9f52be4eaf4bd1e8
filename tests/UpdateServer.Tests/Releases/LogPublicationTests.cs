using System.Net;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Releases;

/// <summary>The signer's log comes with its publications, and is served as any client of tlog-tiles reads it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Proves("L-27")]
public sealed class LogPublicationTests : IAsyncDisposable
{
    private readonly MemoryLog _log = new();

    private ServerUnderTest _server = null!;

    private RepositorySimulator Repository => _server.Source.Repository;

    [SetUp]
    public async Task PublishFirst()
    {
        _server = await ServerUnderTest.StartAsync();
        await IsAcceptedAsync(_log.AppendNumbered(300), Log());
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Log_is_served_and_whole()
    {
        VerifiedCheckpoint grown = _log.AppendNumbered(300);
        string[] brought = ["log/tile/0/000", "log/tile/entries/000"];
        await IsAcceptedAsync(grown, Log().Where(file => !brought.Contains(file.Key, StringComparer.Ordinal)));
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (string path in TileAddress.OfTree(600).Select(static tile => tile.Path).Append(ITileSource.Checkpoint))
        {
            files[path] = await _server.Anonymous.GetByteArrayAsync("/repo/log/" + path);
        }

        ServedLog served = new(files);
        VerifiedCheckpoint checkpoint = VerifiedCheckpoint.Verify(served.Read(ITileSource.Checkpoint, LogLimits.NoteBytes), _log.Key).IsAccepted();
        Assert.That(LogAudit.Run(served, checkpoint, [], static (_, _) => { }).IsAccepted().Checkpoint.Content.Size, Is.EqualTo(600));
        using HttpResponseMessage tile = await _server.Anonymous.GetAsync("/repo/log/tile/0/000"), newest = await _server.Anonymous.GetAsync("/repo/log/checkpoint");
        Assert.That((tile.Headers.CacheControl!.ToString(), tile.Content.Headers.ContentType!.ToString()), Is.EqualTo(("public, max-age=31536000, immutable", "application/octet-stream")));
        Assert.That((newest.Headers.CacheControl!.ToString(), newest.Content.Headers.ContentType!.ToString()), Is.EqualTo(("no-cache", "text/plain; charset=utf-8")));
    }

    [Test]
    public async Task Checkpoint_that_the_timestamp_does_not_carry_is_refused()
    {
        VerifiedCheckpoint pinned = _log.AppendNumbered(1);
        _log.AppendNumbered(1);
        await IsRefusedAsync(pinned, Log(), RejectionReason.ForeignLog);
    }

    [Test]
    public async Task Timestamp_whose_checkpoint_did_not_come_with_it_is_refused() => await IsRefusedAsync(_log.AppendNumbered(1), [], RejectionReason.ForeignLog);

    [Test]
    public async Task Log_that_lacks_a_tile_is_refused()
    {
        VerifiedCheckpoint grown = _log.AppendNumbered(300);
        await IsRefusedAsync(grown, Log().Where(static file => file.Key != "log/tile/0/001"), RejectionReason.LogIncomplete);
    }

    [Test]
    public async Task A51_Tile_with_other_hashes_is_refused()
    {
        VerifiedCheckpoint grown = _log.AppendNumbered(300);
        _log.Files["tile/0/001"] = [.. _log.Files["tile/0/001"].Reverse()];
        await IsRefusedAsync(grown, Log(), RejectionReason.LogMismatch);
    }

    [Test]
    public async Task A51_Log_that_began_otherwise_is_refused_although_its_key_signed_it()
    {
        MemoryLog other = new();
        Checkpoint rewritten = other.Append(Enumerable.Range(0, 400).Select(static number => BitConverter.GetBytes(number == 7 ? 8 : number))).Content;
        VerifiedCheckpoint signed = _log.Sign(rewritten.Size, rewritten.Root);
        other.Files[ITileSource.Checkpoint] = signed.Note.Bytes.ToArray();
        await IsRefusedAsync(signed, Log(other), RejectionReason.LogSplitView);
    }

    [Test]
    public async Task A51_Log_that_got_another_key_goes_on_and_is_refused_where_it_began_otherwise()
    {
        VerifiedCheckpoint former = Repository.Logs[0];
        MemoryLog rewritten = new("log.example/signer-2"), honest = new("log.example/signer-2");
        VerifiedCheckpoint other = rewritten.Append(Enumerable.Range(0, 400).Select(static number => BitConverter.GetBytes(number == 7 ? 8 : number)));
        await IsRefusedAsync([former, other], Log(rewritten), RejectionReason.LogSplitView);
        await IsAcceptedAsync([former, honest.AppendNumbered(400)], Log(honest));
    }

    [Test]
    public async Task A51_Former_key_cannot_take_the_log_back_behind_the_new_one()
    {
        VerifiedCheckpoint former = Repository.Logs[0];
        MemoryLog next = new("log.example/signer-2");
        await IsRefusedAsync([former, next.AppendNumbered(400)], Log(), RejectionReason.LogTruncated);
    }

    [Test]
    public async Task A51_First_publication_whose_log_did_not_come_with_it_is_refused()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        server.Source.Repository.Logs.Add(_log.AppendNumbered(1));
        server.Source.Repository.PublishTimestamp();
        using HttpResponseMessage refused = await server.PublishAsync(server.Source.Bundle());
        using JsonDocument problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync());
        Assert.That(problem.RootElement.GetProperty("reason").GetString(), Is.EqualTo(nameof(RejectionReason.LogIncomplete)), problem.RootElement.ToString());
    }

    [Test]
    public async Task A04_Root_that_voids_the_timestamp_voids_the_log_that_a_thief_published()
    {
        MemoryLog other = new();
        VerifiedCheckpoint honest = other.AppendNumbered(20);
        Repository.Timestamp.Keys = [SoftwareKey.EcdsaP256()];
        Repository.Timestamp.ResetSigners();
        Repository.PublishRoot();
        await IsAcceptedAsync(honest, Log(other));
        Assert.That(await _server.Anonymous.GetByteArrayAsync("/repo/log/checkpoint"), Is.EqualTo(other.Files[ITileSource.Checkpoint]));
    }

    private IEnumerable<KeyValuePair<string, byte[]>> Log(MemoryLog? log = null) => (log ?? _log).Files.Select(static file => KeyValuePair.Create("log/" + file.Key, file.Value));

    private async Task<HttpResponseMessage> PublishAsync(IEnumerable<VerifiedCheckpoint> pinned, IEnumerable<KeyValuePair<string, byte[]>> log)
    {
        Repository.Logs.Clear();
        foreach (VerifiedCheckpoint checkpoint in pinned)
        {
            Repository.Logs.Add(checkpoint);
        }

        Repository.PublishTimestamp();
        return await _server.PublishAsync(_server.Source.Bundle().Concat(log));
    }

    private Task IsAcceptedAsync(VerifiedCheckpoint pinned, IEnumerable<KeyValuePair<string, byte[]>> log) => IsAcceptedAsync([pinned], log);

    private Task IsRefusedAsync(VerifiedCheckpoint pinned, IEnumerable<KeyValuePair<string, byte[]>> log, RejectionReason reason) => IsRefusedAsync([pinned], log, reason);

    private async Task IsAcceptedAsync(IEnumerable<VerifiedCheckpoint> pinned, IEnumerable<KeyValuePair<string, byte[]>> log)
    {
        using HttpResponseMessage taken = await PublishAsync(pinned, log);
        Assert.That(taken.StatusCode, Is.EqualTo(HttpStatusCode.OK), await taken.Content.ReadAsStringAsync());
    }

    private async Task IsRefusedAsync(IEnumerable<VerifiedCheckpoint> pinned, IEnumerable<KeyValuePair<string, byte[]>> log, RejectionReason reason)
    {
        byte[] before = await _server.Anonymous.GetByteArrayAsync("/repo/log/checkpoint");
        using HttpResponseMessage refused = await PublishAsync(pinned, log);
        using JsonDocument problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync());
        Assert.That(problem.RootElement.GetProperty("reason").GetString(), Is.EqualTo(reason.ToString()), problem.RootElement.ToString());
        Assert.That(await _server.Anonymous.GetByteArrayAsync("/repo/log/checkpoint"), Is.EqualTo(before));
    }

    private sealed class ServedLog(Dictionary<string, byte[]> files) : ITileSource
    {
        public byte[]? Read(string path, int maxBytes) => files.GetValueOrDefault(path);
    }
}
