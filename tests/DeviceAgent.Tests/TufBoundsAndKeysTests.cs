using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>
/// Endless data, wrong bytes, too few or unknown keys, vanished roles, old roots and paths that climb (A06 to A15), against "fota-agent tuf" as it is
/// started in earnest. A07 needs a clock of its own: see <see cref="SlowTransferTests"/>.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class TufBoundsAndKeysTests
{
    private static string[] Roles => TufProgram.Roles;

    [Test]
    [Proves("W-20")]
    public async Task A06_Endless_metadata_is_broken_off([Values("root", "timestamp", "snapshot", "targets", "role")] string name, [Values] bool statesLengths)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync(repository => repository.StatesDigests = statesLengths);
        program.Repository.Publish();
        program.Server.Endless = name == "root" ? "metadata/2.root.json" : program.Repository.PathOf(program.Role(name));
        await program.RefusesAndKeepsAsync(name, "LimitExceeded", publish: false);
    }

    [Test]
    [Proves("W-26")]
    public async Task A06_Endless_target_is_broken_off()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.AddTarget(program.Role("role"), "pump/second", [9]);
        program.Repository.Publish();
        program.Server.Endless = program.Repository.Files.Keys.Single(static path => path.EndsWith(".second", StringComparison.Ordinal));
        TufProgram.Refuses(await program.DownloadAsync("pump/second"), "LimitExceeded");
        Assert.That(program.TargetFiles(), Is.EqualTo(["pump%2Ffirmware"]));
    }

    [Test]
    [Proves("W-26")]
    public async Task A08_Other_bytes_than_the_target_has_are_not_kept([Values(3, 4)] int length)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.AddTarget(program.Role("role"), "pump/second", [9, 9, 9, 9]);
        program.Repository.Publish();
        string path = program.Repository.Files.Keys.Single(static path => path.EndsWith(".second", StringComparison.Ordinal));
        program.Repository.Files[path] = TufProgram.Firmware[..length];
        TufProgram.Refuses(await program.DownloadAsync("pump/second"), length == 4 ? "DigestMismatch" : "LengthMismatch");
        Assert.That(program.TargetFiles(), Is.EqualTo(["pump%2Ffirmware"]));
    }

    [Test]
    public async Task A09_Fewer_keys_than_the_threshold_sign_nothing([ValueSource(nameof(Roles))] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        TufRole role = program.Role(name);
        role.Keys = [TufKey.Ecdsa(), TufKey.Ed25519()];
        role.Threshold = 2;
        program.Repository.PublishRoot();
        program.Repository.Publish();
        Assert.That((await program.DownloadAsync("pump/firmware")).ExitCode, Is.Zero);
        role.Signers = [role.Keys[1]];
        await program.RefusesAndKeepsAsync(name, "ThresholdNotMet");
    }

    [Test]
    [Proves("W-14")]
    public async Task A10_Role_that_vanishes_from_the_snapshot_is_refused([Values("targets", "role")] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.SnapshotMeta.Remove(name + ".json");
        program.Repository.PublishSnapshot();
        await program.RefusesAndKeepsAsync("snapshot", $"UnknownRole: snapshot: wanted {name}.json", publish: false);
    }

    [Test]
    [Proves("W-23")]
    public async Task A10_Role_that_the_snapshot_never_named_is_not_fetched()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.Targets.Delegate("newcomer", "new/*");
        program.Repository.PublishTargets(program.Repository.Targets);
        program.Repository.PublishSnapshot();
        program.Repository.PublishTimestamp();
        TufProgram.Refuses(await program.DownloadAsync("new/firmware"), "UnknownRole: snapshot: wanted newcomer.json");
        Assert.That(program.Server.Requests, Has.None.Contains("newcomer"));
    }

    [Test]
    public async Task A11_One_key_under_two_ids_counts_once([ValueSource(nameof(Roles))] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        TufRole role = program.Role(name);
        TufKey key = TufKey.Ed25519();
        role.Keys = [key, key.Named("another-id")];
        role.Threshold = 2;
        program.Repository.PublishRoot();
        TufProgram.Refuses(await program.PublishAndDownloadAsync(), "ThresholdNotMet");
    }

    [Test]
    public async Task A11_Two_signatures_under_one_id_are_refused([ValueSource(nameof(Roles))] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Role(name).Spoil = static file => file["signatures"]!.AsArray().Add(file["signatures"]![0]!.DeepClone());
        await program.RefusesAndKeepsAsync(name, "DuplicateField");
    }

    [Test]
    public async Task A12_Threshold_below_one_is_refused([Values(0, -1)] int threshold, [Values("root", "timestamp", "role")] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        (name == "root" ? program.Repository.Root : program.Role(name)).Threshold = threshold;
        program.Repository.PublishRoot();
        program.Repository.Publish();
        TufProgram.Refuses(await program.DownloadAsync("pump/firmware"), "InvalidThreshold");
    }

    [Test]
    public async Task A12_Key_of_unknown_type_or_scheme_counts_for_nothing([Values] bool scheme, [ValueSource(nameof(Roles))] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Role(name).Keys = [scheme ? TufKey.UnknownScheme() : TufKey.Unknown()];
        program.Repository.PublishRoot();
        TufProgram.Refuses(await program.PublishAndDownloadAsync(), "ThresholdNotMet");
    }

    [Test]
    [Proves("W-5")]
    public async Task A13_Root_that_the_old_keys_did_not_sign_is_refused()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.Root.Keys = [TufKey.Ecdsa()];
        program.Repository.PublishRoot();
        await program.RefusesAndChangesNothingAsync("ThresholdNotMet: wanted 1 valid signature of role root of version 1");
    }

    [Test]
    [Proves("W-5")]
    public async Task A13_Root_that_its_own_keys_did_not_sign_is_refused()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.Root.Signers = program.Repository.Root.Keys;
        program.Repository.Root.Keys = [TufKey.Ecdsa()];
        program.Repository.PublishRoot();
        await program.RefusesAndChangesNothingAsync("ThresholdNotMet: wanted 1 valid signature of role root of version 2");
    }

    [Test]
    [Proves("W-5")]
    public async Task A13_Root_keys_are_replaced_one_root_after_the_other()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        for (int i = 0; i < 5; i++)
        {
            program.Repository.Rotate(program.Repository.Root, i % 2 == 0 ? TufKey.Rsa() : TufKey.Ed25519());
        }

        await program.RefreshedAsync();
        Assert.That(program.Trusted("root"), Is.EqualTo(program.Repository.Files["metadata/6.root.json"]));
    }

    [Test]
    [Proves("W-9")]
    public async Task A14_Expired_local_timestamp_still_blocks_a_rollback()
    {
        await using TufProgram program = await TufProgram.StartAsync(static repository => repository.Root.Expires = repository.Now.AddDays(90));
        byte[] old = program.Repository.Current(program.Repository.Timestamp);
        program.Repository.Timestamp.Expires = program.Repository.Now.AddDays(7);
        program.Repository.PublishTimestamp();
        await program.RefreshedAsync();
        program.Repository.Files["metadata/timestamp.json"] = old;
        IReadOnlyDictionary<string, byte[]> before = program.Everything();
        TufProgram.Refuses(await TufProgram.RunAtAsync(TimeSpan.FromDays(8), [.. program.Common, "refresh"]), "MetadataRollback: timestamp");
        Assert.That(program.Everything(), Is.EquivalentTo(before));
    }

    [Test]
    [Proves("W-14")]
    public async Task A14_Expired_local_snapshot_still_blocks_a_rollback()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync(static repository => repository.Snapshot.Expires = repository.Now.AddDays(7));
        program.Repository.Snapshot.Expires = program.Repository.Now.AddDays(20);
        program.Repository.Targets.Version = 0;
        program.Repository.PublishTargets(program.Repository.Targets);
        program.Repository.PublishSnapshot();
        program.Repository.PublishTimestamp();
        TufProgram.Refuses(await TufProgram.RunAtAsync(TimeSpan.FromDays(8), [.. program.Common, "refresh"]), "MetadataRollback: targets.json");
        Assert.That(program.Trusted("snapshot"), Is.Not.EqualTo(program.Repository.Current(program.Repository.Snapshot)));
    }

    [Test]
    [Proves("W-14")]
    public async Task A14_Expired_local_metadata_does_not_block_newer_one()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync(static repository => repository.Timestamp.Expires = repository.Snapshot.Expires = repository.Now.AddDays(7));
        program.Repository.Timestamp.Expires = program.Repository.Snapshot.Expires = program.Repository.Now.AddDays(20);
        program.Repository.Publish();
        ProgramRun run = await TufProgram.RunAtAsync(TimeSpan.FromDays(8), [.. program.Common, "refresh"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    [TestCase("../role")]
    [TestCase("/role")]
    [TestCase("..")]
    [TestCase("a/../../../../etc/passwd")]
    [TestCase("root.json/../root")]
    [Proves("W-21")]
    public async Task A15_Name_of_a_role_leads_nowhere_else(string name)
    {
        await using TufProgram program = await TufProgram.StartAsync();
        TufRole role = program.Repository.Targets.Delegate(name, "*");
        program.Repository.AddTarget(role, "firmware", TufProgram.Firmware);
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync("firmware");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(Directory.GetFileSystemEntries(Path.GetDirectoryName(program.MetadataFolder)!).Select(Path.GetFileName), Is.EquivalentTo(["initial.json", "metadata", "targets"]));
        Assert.That(program.Trusted("root"), Is.EqualTo(program.Repository.TrustedRoot));
        Assert.That(program.Everything(), Has.Count.EqualTo(5));
        Assert.That(program.Server.Requests, Does.Contain($"metadata/1.{Uri.EscapeDataString(name)}.json"));
    }

    [TestCase("root")]
    [TestCase("timestamp")]
    [Proves("R-27")]
    public async Task A15_Delegation_to_a_top_level_name_is_refused(string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.Targets.Delegate(name, "*");
        program.Repository.PublishTargets(program.Repository.Targets);
        program.Repository.PublishSnapshot();
        await program.RefusesAndKeepsAsync("targets", "UnsafePath: the name of a delegated role", publish: false);
    }

    [TestCase("/etc/firmware")]
    [TestCase("../firmware")]
    [TestCase("..")]
    [TestCase(".")]
    [TestCase("a/./firmware")]
    [TestCase("a/../../firmware")]
    [TestCase("a/..")]
    [Proves("W-22")]
    public async Task A15_Target_path_that_climbs_or_is_absolute_is_refused_before_it_is_fetched(string path)
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, path, TufProgram.Firmware);
        program.Repository.Publish();
        TufProgram.Refuses(await program.DownloadAsync(path), "UnsafePath");
        Assert.That(program.Server.Requests, Has.None.StartsWith("targets/"));
        Assert.That(program.TargetFiles(), Is.Empty);
    }

    [Test]
    [Proves("W-22")]
    public async Task Target_with_the_longest_name_that_a_file_can_have_is_stored()
    {
        string path = new('a', 255);
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.ConsistentSnapshot = false;
        program.Repository.PublishRoot();
        program.Repository.AddTarget(program.Repository.Targets, path, TufProgram.Firmware);
        program.Repository.Publish();

        Assert.That((await program.DownloadAsync(path)).ExitCode, Is.Zero);
    }

    [TestCase("http://127.0.0.1:1/firmware")]
    [TestCase("a//firmware")]
    [TestCase("a%2Ffirmware")]
    [TestCase("..\\firmware")]
    [Proves("W-22")]
    public async Task A15_Strange_target_path_stays_below_both_folders(string path)
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, path, TufProgram.Firmware);
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync(path);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(program.TargetFiles(), Is.EqualTo([Uri.EscapeDataString(path)]));
        Assert.That(program.Server.Requests[^1], Does.StartWith("targets/"));
    }

    [Test]
    [Proves("W-22")]
    public async Task A15_Paths_that_differ_only_by_normalisation_are_two_targets()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, "\u00e9", [1]);
        program.Repository.AddTarget(program.Repository.Targets, "e\u0301", [2]);
        program.Repository.AddTarget(program.Repository.Targets, "E\u0301", [3]);
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync("\u00e9", "e\u0301", "E\u0301");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(new[] { program.Target("%C3%A9"), program.Target("e%CC%81"), program.Target("E%CC%81") }, Is.EqualTo(new byte[][] { [1], [2], [3] }));
    }
}
