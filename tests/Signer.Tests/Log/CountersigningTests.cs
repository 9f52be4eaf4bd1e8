using Fota.Manifest.Metadata;
using Fota.Signer.Journal;
using Fota.TestKit;

namespace Fota.Signer.Tests.Log;

/// <summary>The signer signs for the log of a server, whoever holds that: what began as what it signed before, and nothing else.</summary>
public sealed class CountersigningTests
{
    private const string Origin = "updates.example/audit";

    private SignerWorld _world = null!;
    private LoggingServer _server = null!;

    [SetUp]
    public async Task MakeHome()
    {
        _world = await SignerWorld.CreateAsync();
        _server = await LoggingServer.StartAsync(_world);
        await File.WriteAllTextAsync(_world.PathOf("publisher.token"), PublicationServer.Token);
        File.SetUnixFileMode(_world.PathOf("publisher.token"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _ = _server.Log.AppendNumbered(3);
    }

    [TearDown]
    public async Task RemoveHome()
    {
        await _server.DisposeAsync();
        _world.Dispose();
    }

    [Test]
    [Proves("J-11", "J-12", "J-14")]
    public async Task P5_P8_Tree_that_grew_is_signed_for_by_the_log_s_key_and_pinned_by_the_next_timestamp()
    {
        (await OnlineAsync()).Ok();
        Assert.That(Client.Update(_world).Timestamp!.ServerLogs.Single().Content.Size, Is.EqualTo(3), "a name that is new does not wait until the timestamp is due");
        (await OnlineAsync()).Ok();
        _ = _server.Log.AppendNumbered(300);
        (await OnlineAsync()).Ok();
        Assert.That(_server.Checkpoints.Select(static c => (c.Content.Origin, c.Content.Size)), Is.EqualTo(new[] { (Origin, 3L), (Origin, 3L), (Origin, 303L) }), "what it has already is given again: it may have lost it");
        Assert.That(Signed(), Is.EqualTo(2));
        Assert.That((await _world.RunAsync("log", "show", "--home", _world.Home)).Ok().Output, Does.Contain($"server log: {Origin}, 303 entries, vkey {_server.Checkpoints[0].Key}"));
        _world.Clock.Step(TimeSpan.FromHours(13));
        (await OnlineAsync()).Ok();
        TimestampMetadata timestamp = Client.Update(_world).Timestamp!;
        Assert.That(timestamp.ServerLogs.Single().Note.Bytes.ToArray(), Is.EqualTo(_server.Checkpoints[^1].Note.Bytes.ToArray()));
        Assert.That(timestamp.Logs, Has.Count.EqualTo(1), "the signer's own is another");
    }

    [TestCase("shrank", "LogTruncated: wanted at least 3 entries, got 2")]
    [TestCase("forked", "LogMismatch: consistency proof")]
    [TestCase("forked at its size", "LogMismatch: consistency proof")]
    [Proves("J-11")]
    public async Task P8_A51_Tree_that_is_another_is_not_signed_for_which_is_said_at_every_look_and_once_in_the_log(string wrong, string reason)
    {
        (await OnlineAsync()).Ok();
        _server.Log = new MemoryLog();
        _ = _server.Log.Append(Enumerable.Range(7, wrong switch { "shrank" => 2, "forked" => 5, _ => 3 }).Select(BitConverter.GetBytes));
        _world.Clock.Step(TimeSpan.FromHours(13));
        for (int look = 0; look < 3; look++)
        {
            (await OnlineAsync()).Refused(reason);
        }

        Assert.That((Signed(), _server.Checkpoints.Count), Is.EqualTo((1, 1)));
        Assert.That(Refusals(), Is.EqualTo(1));
        Assert.That(Client.Update(_world).Timestamp!.ServerLogs.Single().Content.Size, Is.EqualTo(3), "timestamps go on with what was signed");
    }

    [Test]
    [Proves("J-11")]
    public async Task A51_Server_that_offers_another_false_tree_at_each_look_fills_no_log()
    {
        (await OnlineAsync()).Ok();
        for (int look = 0; look < 3; look++)
        {
            _server.Log = new MemoryLog();
            _ = _server.Log.Append(Enumerable.Range(7 + look, 5 + look).Select(BitConverter.GetBytes));
            (await OnlineAsync()).Refused("LogMismatch");
        }

        Assert.That(Refusals(), Is.EqualTo(1));
        for (int turn = 0; turn < 2; turn++)
        {
            _server.Log = new MemoryLog();
            _ = _server.Log.AppendNumbered(2);
            (await OnlineAsync()).Refused("LogTruncated");
            Assert.That(Refusals(), Is.EqualTo(2), "another kind of refusal is news, once");
            _server.Log = new MemoryLog();
            _ = _server.Log.Append(Enumerable.Range(7, 5).Select(BitConverter.GetBytes));
            (await OnlineAsync()).Refused("LogMismatch");
        }

        Assert.That(Refusals(), Is.EqualTo(2));
        _server.Log = new MemoryLog();
        _ = _server.Log.AppendNumbered(4);
        (await OnlineAsync()).Ok();
        _server.Log = new MemoryLog();
        _ = _server.Log.AppendNumbered(2);
        (await OnlineAsync()).Refused("LogTruncated");
        Assert.That(Refusals(), Is.EqualTo(3), "of another size it is news");
    }

    [Test]
    [Proves("J-11")]
    public async Task P8_A51_Signer_that_lost_its_journal_goes_by_what_devices_pinned()
    {
        (await OnlineAsync()).Ok();
        _world.Clock.Step(TimeSpan.FromHours(13));
        (await OnlineAsync()).Ok();
        using (SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal))
        {
            _ = database.Execute("DROP TRIGGER server_log_is_kept");
            Assert.That(database.Execute("DELETE FROM server_log"), Is.EqualTo(1));
        }

        _server.Log = new MemoryLog();
        _ = _server.Log.Append(Enumerable.Range(7, 9).Select(BitConverter.GetBytes));
        (await OnlineAsync()).Refused("nothing is signed for it");
        (await OnlineAsync()).Refused("nothing is signed for it");
        Assert.That((Signed(), Refusals()), Is.EqualTo((1, 1)), "said at both looks, and entered once");
    }

    [Test]
    [Proves("J-12")]
    public async Task A48_What_was_signed_and_did_not_arrive_is_given_to_the_server_at_the_next_look()
    {
        _server.LosesCheckpoints = true;
        Assert.That((await OnlineAsync()).ExitCode, Is.EqualTo(1));
        _server.LosesCheckpoints = false;
        (await OnlineAsync()).Ok();
        Assert.That((Signed(), _server.Checkpoints.Single().Content.Size), Is.EqualTo((1, 3)));
    }

    [Test]
    [Proves("J-12")]
    public async Task A51_Name_of_the_signer_s_own_log_is_not_given_to_a_server_s_nor_the_other_way_round()
    {
        string own = (await _world.RunAsync("log", "show", "--home", _world.Home)).Ok().Value("vkey").Split('+')[0];
        (await OnlineAsync(own)).Refused($"wanted a name that the signer's own log never had, got {own}");
        (await OnlineAsync()).Ok();
        (await _world.MakeKeyAsync("log-2", "online", "--algorithm", "ed25519")).Ok();
        (await _world.RunAsync("log", "succeed", "--home", _world.Home, "--key", "log-2", "--origin", Origin)).Refused($"wanted a name that no log of a server has, got {Origin}");
        (await _world.RunAsync("log", "succeed", "--home", _world.Home, "--key", "log-2", "--origin", "signer.example/log-2")).Ok();
        (await OnlineAsync()).Refused("under another key it needs another name");
    }

    [TestCase("[]")]
    [TestCase("""{"size": -1, "root": "00", "proof": []}""")]
    [TestCase("""{"size": 4, "root": "xx", "proof": []}""")]
    [TestCase("""{"size": 4, "proof": []}""")]
    public async Task Answer_that_is_no_head_is_refused(string answer)
    {
        _server.Shown = answer;
        (await OnlineAsync()).Refused("wanted the head of its log");
        Assert.That(Signed(), Is.Zero);
    }

    private Task<CommandResult> OnlineAsync(string origin = Origin) => _world.OnlineAsync("--server", _server.Address.ToString(), "--token-file", _world.PathOf("publisher.token"), "--server-log", origin);

    private long Signed() => Query($"SELECT count(*) FROM intent WHERE purpose = 'LogCheckpoint' AND subject LIKE '{Origin} %'");

    private long Refusals() => Query("SELECT count(*) FROM log_entry WHERE CAST(entry AS TEXT) LIKE '%\"server_log.refused\"%'");

    private long Query(string sql)
    {
        using SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal);
        return Convert.ToInt64(database.Scalar(sql), System.Globalization.CultureInfo.InvariantCulture);
    }
}
