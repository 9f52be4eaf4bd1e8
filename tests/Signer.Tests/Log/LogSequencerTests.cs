using System.Text.RegularExpressions;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Log;
using Fota.Signer.Repository;
using Fota.TestKit;

namespace Fota.Signer.Tests.Log;

/// <summary>The log's tree on disk: killed at any point it goes on, and it never signs two.</summary>
[TestFixture]
public sealed class LogSequencerTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    private string Log => _world.HomeFolder.Log;

    [Test]
    [Proves("L-22")]
    public async Task A48_Killed_after_any_of_its_files_it_goes_on_and_writes_none_anew_with_other_content()
    {
        (await _world.OnlineAsync()).Ok();
        Enter(300);
        Dictionary<string, byte[]> before = Files();
        (await _world.OnlineAsync()).Ok();
        Dictionary<string, byte[]> after = Files();
        string[] written = [.. after.Keys.Except(before.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Assert.That(written, Has.Some.EqualTo("tile/0/000").And.Some.EqualTo("tile/entries/000").And.Some.StartsWith("tile/0/001.p/").And.Some.EqualTo("tile/1/000.p/1"));
        Assert.That(after.Keys, Has.None.StartsWith("tile/0/000.p/"), "what led to a full tile is gone");
        for (int killed = 0; killed <= written.Length; killed++)
        {
            // The checkpoint is written last: all that a killed process leaves is some of the other files.
            Put(before, written.Take(killed).ToDictionary(static path => path, path => after[path], StringComparer.Ordinal));
            (await _world.OnlineAsync()).Ok();
            Dictionary<string, byte[]> now = Files();
            Assert.That(written.Where(path => !now[path].AsSpan().SequenceEqual(after[path])), Is.Empty, $"killed after {killed} files");
            _ = IndependentLog.Verify(Log, await VkeyAsync());
        }
    }

    [Test]
    [Proves("L-23")]
    public async Task Tile_that_is_not_what_was_signed_for_is_refused_and_devices_stay_fresh()
    {
        await BreakAsync(files => files.First(static file => file.Key.StartsWith("tile/0/", StringComparison.Ordinal)).Value[3] ^= 1, "nothing is signed that would contradict what was");
        Assert.That(Client.Update(_world).Timestamp!.Version, Is.EqualTo(2));
    }

    [Test]
    [Proves("L-23")]
    public Task Bundle_that_is_not_what_was_signed_for_is_refused() =>
        BreakAsync(static files => files.First(static file => file.Key.StartsWith("tile/entries/", StringComparison.Ordinal)).Value[9] ^= 1, "wanted entry 0 as it is in the log, got another in the journal");

    [Test]
    [Proves("L-23")]
    public Task Tile_that_lies_in_the_place_of_a_new_one_is_not_written_over() => BreakAsync(
        files => files[$"tile/entries/000.p/{Count()}"] = [1, 2, 3],
        "wanted to write what lies there already, got other content");

    [Test]
    [Proves("L-23")]
    public async Task A51_Log_and_journal_that_were_set_back_behind_what_devices_pinned_are_refused()
    {
        (await _world.OnlineAsync()).Ok();
        Dictionary<string, byte[]> files = Files();
        using (SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal))
        {
            _ = database.Scalar("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        byte[] journal = await File.ReadAllBytesAsync(_world.HomeFolder.Journal);
        await _world.ReleaseAsync("1.0.0");
        Put(files, []);
        File.Delete(_world.HomeFolder.Journal + "-wal");
        File.Delete(_world.HomeFolder.Journal + "-shm");
        await File.WriteAllBytesAsync(_world.HomeFolder.Journal, journal);
        (await _world.OnlineAsync()).Refused("nothing is signed that would contradict what was");
        Enter(100);
        (await _world.OnlineAsync()).Refused("nothing is signed that would contradict what was");
    }

    [Test]
    [Proves("L-25")]
    public async Task A48_Journal_that_was_lost_is_given_its_entries_back_from_the_log()
    {
        (await _world.OnlineAsync()).Ok();
        List<byte[]> known = IndependentLog.Verify(Log, await VkeyAsync());
        foreach (string file in new[] { "", "-wal", "-shm" })
        {
            File.Delete(_world.HomeFolder.Journal + file);
        }

        CommandResult opened = (await _world.RunAsync("release", "list", "--home", _world.Home)).Ok();
        Assert.That(opened.Error, Does.StartWith($"warning: the journal lacked {known.Count} entries of the log"));
        (await _world.OnlineAsync()).Ok();
        List<byte[]> restored = IndependentLog.Verify(Log, await VkeyAsync());
        Assert.That(restored.Take(known.Count), Is.EqualTo(known));
        Assert.That(LogEntry.Decode(restored[known.Count]).OrThrow().Kind, Is.EqualTo(LogKinds.LogRestored));
    }

    [Test]
    [Proves("L-26")]
    public async Task Log_gets_another_key_under_another_name_and_its_entries_go_on()
    {
        TimestampMetadata old = Client.Update(_world).Timestamp!;
        (await _world.MakeKeyAsync("log-2", "online", "--algorithm", "ed25519")).Ok();
        (await SucceedAsync("log-2", "signer.pumps.example/log")).Refused("wanted a name that this log never had");
        (await SucceedAsync("log-2", "two words")).Refused("wanted a name without spaces");
        (await SucceedAsync("online", "signer.pumps.example/log-2")).Refused("wanted an ed25519 key");
        (await SucceedAsync("log", "signer.pumps.example/log-2")).Refused("wanted a key that signs nothing else");
        (await SucceedAsync("log-2", "signer.pumps.example/log-2")).Ok();
        _world.Clock.Step(TimeSpan.FromHours(13));
        (await _world.OnlineAsync()).Ok();
        TimestampMetadata now = Client.Update(_world).Timestamp!;
        Assert.That(now.Logs.Select(static log => log.Content.Origin), Is.EqualTo(["signer.pumps.example/log", "signer.pumps.example/log-2"]));
        Assert.That(now.Logs[0].Note.Bytes.ToArray(), Is.EqualTo(old.Logs[0].Note.Bytes.ToArray()));
        string vkey = await VkeyAsync();
        Assert.That((now.Logs[1].Key.Text, now.Logs[1].Content.Size), Is.EqualTo((vkey, (long)IndependentLog.Verify(Log, vkey).Count)));
        (await _world.TryProposeAsync("--role timestamp --add-key log-2")).Refused("signs the log, and nothing else");
    }

    [TestCase("tile/0/000.p/*", true, "tile/0/000.p/")]
    [TestCase("tile/0/000.p/*", false, "tile/0/000.p/")]
    [TestCase("tile/entries/000.p/*", true, "tile/entries/000.p/")]
    [TestCase("tile/entries/000.p/*", false, "tile/entries/000.p/")]
    [TestCase("checkpoint", false, "log/checkpoint: wanted a checkpoint of log signer.pumps.example/log, got Malformed")]
    [Proves("L-23")]
    public async Task A49_Log_that_lost_a_file_keeps_no_device_from_a_fresh_timestamp(string lost, bool isRemoved, string named)
    {
        (await _world.OnlineAsync()).Ok();
        _ = await _world.DraftAsync("0.9.0");
        TimestampMetadata before = Client.Update(_world).Timestamp!;
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(Path.Combine(Log, lost))!, Path.GetFileName(lost)))
        {
            File.Delete(file);
            if (!isRemoved)
            {
                await File.WriteAllBytesAsync(file, []);
            }
        }

        _world.Clock.Step(TimeSpan.FromHours(13));
        CommandResult refused = await _world.OnlineAsync();
        Assert.That(refused.Error, Does.Contain(named));
        Assert.That(refused.ExitCode, Is.EqualTo(1));
        TimestampMetadata now = Client.Update(_world).Timestamp!;
        Assert.That(now.Version, Is.GreaterThan(before.Version));
        Assert.That(now.Logs.Select(static log => log.Content.Size), Is.EqualTo(before.Logs.Select(static log => log.Content.Size)));
    }

    [Test]
    [Proves("L-23")]
    public async Task A49_Checkpoint_with_a_flipped_byte_stops_no_command_and_each_says_which_file_it_is()
    {
        byte[] whole = Files()["checkpoint"];
        for (int place = 0; place < whole.Length; place += 16)
        {
            byte[] flipped = [.. whole];
            flipped[place] ^= 1;
            await File.WriteAllBytesAsync(Path.Combine(Log, "checkpoint"), flipped);
            CommandResult listed = (await _world.RunAsync("release", "list", "--home", _world.Home)).Ok();
            Assert.That(listed.Error, Does.Match($"^warning: {Regex.Escape(Log)}/checkpoint: wanted a checkpoint of log .* \\(docs/runbooks/damaged-log.md\\)\n$"), $"byte {place}");
        }

        Assert.That((await _world.RunAsync("log", "show", "--home", _world.Home)).ExitCode, Is.EqualTo(1));
        await _world.ApprovedAsync("1.0.0");
        (await _world.PublishAsync("1.0.0")).Ok();
        Assert.That((await _world.OnlineAsync()).ExitCode, Is.EqualTo(1));
        Assert.That(Client.Update(_world).Snapshot!.Meta, Does.ContainKey("infusion-pump.json"), "the release is visible");
        File.Delete(Path.Combine(Log, "checkpoint"));
        (await _world.OnlineAsync()).Ok();
        Assert.That(IndependentLog.Verify(Log, await VkeyAsync()), Has.Count.EqualTo(Count()));
    }

    [Test]
    [Proves("L-23")]
    public async Task A49_Log_without_its_key_keeps_no_device_from_a_fresh_timestamp()
    {
        _ = await _world.DraftAsync("0.9.0");
        File.Delete(_world.HomeFolder.PublicKeyFile("log"));
        _world.Clock.Step(TimeSpan.FromHours(13));
        CommandResult refused = await _world.OnlineAsync();
        Assert.That((refused.ExitCode, refused.Error.Contains("keys/log.pem", StringComparison.Ordinal)), Is.EqualTo((1, true)), refused.Error);
        Assert.That(Client.Update(_world).Timestamp!.Version, Is.EqualTo(2));
    }

    [Test]
    [Proves("L-23")]
    public async Task A51_Checkpoint_that_was_set_back_is_not_pinned_again()
    {
        (await _world.OnlineAsync()).Ok();
        byte[] old = Files()["checkpoint"];
        await _world.ReleaseAsync("1.0.0");
        TimestampMetadata before = Client.Update(_world).Timestamp!;
        await File.WriteAllBytesAsync(Path.Combine(Log, "checkpoint"), old);
        Directory.Delete(Path.Combine(Log, "tile", "0"), recursive: true);
        _world.Clock.Step(TimeSpan.FromHours(13));
        (await _world.OnlineAsync()).Refused("tile/0/000.p/");
        TimestampMetadata now = Client.Update(_world).Timestamp!;
        Assert.That((now.Version, now.Logs[^1].Content.Size), Is.EqualTo((before.Version + 1, before.Logs[^1].Content.Size)));
    }

    [TestCase(true)]
    [TestCase(false)]
    [Proves("L-25")]
    public async Task A48_Journal_that_was_lost_with_the_checkpoint_is_given_back_what_devices_pinned(bool isRemoved)
    {
        (await _world.OnlineAsync()).Ok();
        long known = Client.Update(_world).Timestamp!.Logs[^1].Content.Size;
        foreach (string file in new[] { "", "-wal", "-shm" })
        {
            File.Delete(_world.HomeFolder.Journal + file);
        }

        File.Delete(Path.Combine(Log, "checkpoint"));
        if (!isRemoved)
        {
            await File.WriteAllBytesAsync(Path.Combine(Log, "checkpoint"), []);
        }

        CommandResult opened = (await _world.RunAsync("release", "list", "--home", _world.Home)).Ok();
        Assert.That(opened.Error, Does.Contain($"warning: the journal lacked {known} entries of the log"));
        Assert.That(Count(), Is.EqualTo(known + 1));
    }

    [TestCase(true)]
    [TestCase(false)]
    [Proves("L-23")]
    public async Task A51_Entry_of_long_ago_that_differs_between_journal_and_log_is_refused_at_the_first_look_of_a_process(bool isInBundleToo)
    {
        Enter(300);
        (await _world.OnlineAsync()).Ok();
        byte[] other = Change(5);
        if (isInBundleToo)
        {
            string bundle = Path.Combine(Log, "tile", "entries", "000");
            ReadOnlyMemory<byte>[] entries = [.. EntryBundle.Decode(await File.ReadAllBytesAsync(bundle), TileAddress.FullWidth)];
            entries[5] = other;
            await File.WriteAllBytesAsync(bundle, EntryBundle.Encode(entries));
        }

        (await _world.OnlineAsync()).Refused(isInBundleToo ? "tile/0/000: wanted the hashes of the entries below it" : "wanted entry 5 as it is in the log, got another in the journal");
        Assert.That((await _world.RunAsync("log", "show", "--home", _world.Home)).ExitCode, Is.EqualTo(1), "also where nobody signs");
    }

    [Test]
    [Proves("L-23")]
    public async Task A51_Log_that_is_changed_while_a_process_runs_is_refused_before_a_file_is_written()
    {
        using OpenedKey key = OpenedKey.Open(_world.Host(), _world.HomeFolder, "online", _world.PinFile("online"));
        LogComparison comparison = new();
        await PassAsync();
        await PassAsync();
        Enter(300);
        string tile = Files().Keys.Single(static path => path.StartsWith("tile/0/000.p/", StringComparison.Ordinal) && !path.EndsWith("/5", StringComparison.Ordinal));
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(Log, tile));
        bytes[3] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(Log, tile), bytes);
        string[] before = [.. Files().Keys];
        Assert.That(PassAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains("wanted tiles with the root hash of checkpoint"));
        Assert.That(Files().Keys, Is.EquivalentTo(before));

        Task PassAsync() => OnlinePass.RunAsync(_world.Host(), _world.HomeFolder, key, comparison, null, null, CancellationToken.None);
    }

    [Test]
    [Proves("L-23")]
    public async Task A51_Entry_that_another_process_wrote_is_held_against_the_journal_at_the_next_look()
    {
        using OpenedKey key = OpenedKey.Open(_world.Host(), _world.HomeFolder, "online", _world.PinFile("online"));
        LogComparison comparison = new();
        await OnlinePass.RunAsync(_world.Host(), _world.HomeFolder, key, comparison, null, null, CancellationToken.None);
        long known = Count();
        Enter(600);
        (await _world.OnlineAsync()).Ok();
        _ = Change(known + 300);
        Assert.That(
            () => OnlinePass.RunAsync(_world.Host(), _world.HomeFolder, key, comparison, null, null, CancellationToken.None),
            Throws.TypeOf<SignerRefusalException>().With.Message.Contains($"wanted entry {known + 300} as it is in the log, got another in the journal"));
    }

    [Test]
    [Proves("L-25")]
    public async Task A51_Journal_that_lacks_entries_and_holds_another_one_is_given_none_back()
    {
        (await _world.OnlineAsync()).Ok();
        _ = Change(5);
        using (SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal))
        {
            _ = database.Execute("DROP TRIGGER log_entry_is_kept");
            _ = database.Execute("DELETE FROM log_entry WHERE number > 6");
        }

        (await _world.RunAsync("release", "list", "--home", _world.Home)).Refused("cannot be taken from there: LogMismatch: wanted entry 5 as it is in the log, got another in the journal");
        Assert.That(Count(), Is.EqualTo(7));
    }

    private Task<CommandResult> SucceedAsync(string key, string origin) => _world.RunAsync("log", "succeed", "--home", _world.Home, "--key", key, "--origin", origin);

    private async Task<string> VkeyAsync() => (await _world.RunAsync("log", "show", "--home", _world.Home)).Ok().Value("vkey");

    private async Task BreakAsync(Action<Dictionary<string, byte[]>> edit, string refusal)
    {
        Dictionary<string, byte[]> files = Files();
        edit(files);
        Put(files, []);
        _world.Clock.Step(TimeSpan.FromHours(13));
        (await _world.OnlineAsync()).Refused(refusal);
        Assert.That(Files()["checkpoint"], Is.EqualTo(files["checkpoint"]));
    }

    private void Enter(int count)
    {
        using SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal);
        SignerLog log = new(database, _world.Clock);
        database.InTransaction(() =>
        {
            for (int i = 0; i < count; i++)
            {
                _ = log.Append(new LogEvent("test.happened", "test", $"{i}"));
            }
        });
    }

    /// <summary>Puts something else in the place of an entry of the journal.</summary>
    private byte[] Change(long number)
    {
        using SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal);
        LogEntry entry = LogEntry.Decode(new SignerLog(database, _world.Clock).Read(number, 1)[0]).OrThrow();
        byte[] other = new LogEntry { Number = number, Time = entry.Time, Kind = entry.Kind, Actor = "another", Subject = entry.Subject, Facts = entry.Facts }.Encode();
        _ = database.Execute("DROP TRIGGER log_entry_is_fixed");
        _ = database.Execute("UPDATE log_entry SET entry = $0 WHERE number = $1", other, number);
        return other;
    }

    private long Count()
    {
        using SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal);
        return new SignerLog(database, _world.Clock).Count;
    }

    private Dictionary<string, byte[]> Files() => Directory.GetFiles(Log, "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(Log, file), File.ReadAllBytes, StringComparer.Ordinal);

    private void Put(Dictionary<string, byte[]> files, Dictionary<string, byte[]> further)
    {
        Directory.Delete(Log, recursive: true);
        foreach ((string path, byte[] content) in files.Concat(further))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Log, path))!);
            File.WriteAllBytes(Path.Combine(Log, path), content);
        }
    }
}
