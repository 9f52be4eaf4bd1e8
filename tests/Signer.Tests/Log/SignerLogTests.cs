using Fota.Manifest.Log;
using Fota.Signer.Journal;
using Fota.Signer.Log;
using Fota.TestKit;

namespace Fota.Signer.Tests.Log;

/// <summary>What goes into the log, and that it is what anybody reads there.</summary>
[TestFixture]
public sealed class SignerLogTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    [Proves("L-20", "L-24")]
    public async Task P8_Release_walks_through_the_log_and_an_independent_reading_agrees()
    {
        string digest = await _world.DraftAsync("1.0.0");
        (await _world.ApproveAsync("1.0.0", new string('0', 64))).Refused("manifest digest");
        (await _world.ApproveAsync("1.0.0", digest)).Ok();
        (await _world.PublishAsync("1.0.0")).Ok();
        (await _world.OnlineAsync()).Ok();
        List<LogEntry> entries = await _world.LogEntriesAsync();
        Assert.That(entries.Select(static entry => entry.Number), Is.EqualTo(Enumerable.Range(0, entries.Count)));
        Assert.That(entries.Where(static entry => entry.Subject == "infusion-pump 1.0.0" && entry.Kind != LogKinds.KeyUsed).Select(static entry => (entry.Kind, entry.Actor)), Is.EqualTo([
            (LogKinds.ReleaseRequested, "release"),
            (LogKinds.ReleaseRefused, "approver"),
            (LogKinds.ReleaseApproved, "approver"),
            (LogKinds.ReleasePublished, "release"),
        ]));
        Assert.That(entries.Single(static entry => entry.Kind == LogKinds.ReleaseApproved).Facts["manifest"], Is.EqualTo(digest));
        Assert.That(entries.Count(static entry => entry.Kind == LogKinds.KeyUsed && entry.Facts["purpose"] == nameof(SigningPurpose.SuitManifest)), Is.EqualTo(2));
        Assert.That(entries.Count(static entry => entry.Kind == LogKinds.CeremonyHeld), Is.EqualTo(1));
        Assert.That(entries.Where(static entry => entry.Facts.GetValueOrDefault("purpose") == nameof(SigningPurpose.LogCheckpoint)), Is.Empty);
    }

    [Test]
    [Proves("L-24")]
    public async Task Checkpoint_stands_in_the_journal_and_asks_for_no_other_one()
    {
        (await _world.OnlineAsync()).Ok();
        byte[] settled = await File.ReadAllBytesAsync(Checkpoint);
        (await _world.OnlineAsync()).Ok();
        Assert.That(await File.ReadAllBytesAsync(Checkpoint), Is.EqualTo(settled));
        Assert.That((await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output, Does.Match("log +LogCheckpoint Signed +signer.pumps.example/log [0-9]+\n"));
        Assert.That((await _world.RunAsync("log", "show", "--home", _world.Home)).Ok().Value("waiting"), Is.EqualTo("0"));
    }

    [Test]
    [Proves("L-21")]
    public async Task A48_Outcome_and_entry_are_on_disk_together_or_not_at_all()
    {
        long before;
        using (SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal))
        {
            before = (long)database.Scalar("SELECT count(*) FROM log_entry")!;
            _ = database.Execute("CREATE TRIGGER power_fails BEFORE INSERT ON log_entry BEGIN SELECT RAISE(ABORT, 'power failure'); END");
        }

        (await _world.CreateAsync("1.0.0")).Refused("power failure");
        using (SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal))
        {
            Assert.That(database.Scalar("SELECT count(*) FROM intent i LEFT JOIN outcome o ON o.intent = i.id WHERE o.intent IS NULL"), Is.EqualTo(1));
            _ = database.Execute("DROP TRIGGER power_fails");
        }

        (await _world.RunAsync("release", "list", "--home", _world.Home)).Ok();
        using SignerDatabase after = SignerDatabase.Open(_world.HomeFolder.Journal);
        LogEntry unknown = LogEntry.Decode(after.Query("SELECT entry FROM log_entry WHERE number = $0", static row => row.GetFieldValue<byte[]>(0), before).Single()).OrThrow();
        Assert.That((unknown.Kind, unknown.Facts["result"]), Is.EqualTo((LogKinds.KeyUsed, "unknown")));
    }

    [Test]
    [Proves("L-20")]
    public async Task Certificates_keys_and_changes_of_roles_are_entries()
    {
        (await _world.MakeKeyAsync("online-2", "online")).Ok();
        await _world.ChangeAsync("--role timestamp --add-key online-2", "root-1 root-2 online-2@online");
        _ = await _world.ProposeAsync("--role targets --renew");
        (await _world.RunAsync("role", "discard", "--home", _world.Home)).Ok();
        await using (PublicationServer server = await PublicationServer.StartAsync(_world))
        {
            (await _world.OnlineAsync("--server", server.Address.ToString(), "--token-file", _world.PathOf("token"))).Ok();
            Dictionary<string, byte[]> sent = server.Publications.Single();
            Assert.That(sent["log/checkpoint"], Is.EqualTo(Client.Update(_world).Timestamp!.Logs.Single().Note.Bytes.ToArray()));
            (await _world.OnlineAsync()).Ok();
            Assert.That(sent.Keys.Where(static path => path.StartsWith("log/tile/", StringComparison.Ordinal)).Select(static path => path.Split('/')[2]), Is.EquivalentTo(["0", "entries"]));
        }

        List<LogEntry> entries = await _world.LogEntriesAsync();
        foreach (string kind in new[] { LogKinds.KeyMade, LogKinds.RoleProposed, LogKinds.RoleChanged, LogKinds.RoleDiscarded, LogKinds.CertificateIssued, LogKinds.PublicationTaken, LogKinds.RepositoryRenewed })
        {
            Assert.That(entries.Select(static entry => entry.Kind), Has.Some.EqualTo(kind));
        }

        Assert.That(entries.Single(static entry => entry.Kind == LogKinds.RoleChanged).Facts["effects"], Does.Contain("key of timestamp: online-2"));
    }

    [Test]
    [Proves("L-11")]
    public void Event_of_any_length_and_any_characters_becomes_an_entry()
    {
        LogEvent happened = new("release.refused", "", new string('a', 511) + "\U0001F600", ("reason", new string('x', 5000)), ("half", "\ud83d"), ("nothing", null));
        LogEntry entry = new() { Number = 0, Time = _world.Clock.GetUtcNow(), Kind = happened.Kind, Actor = happened.Actor, Subject = happened.Subject, Facts = happened.Facts };
        LogEntry read = LogEntry.Decode(entry.Encode()).OrThrow();
        Assert.That((read.Actor, read.Subject.Length, read.Facts["reason"].Length, read.Facts.Count), Is.EqualTo(("-", 512, 2048, 2)));
    }

    private string Checkpoint => Path.Combine(_world.HomeFolder.Log, "checkpoint");
}
