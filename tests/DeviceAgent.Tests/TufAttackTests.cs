using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>
/// The attacks on a repository, A01 to A15, against "fota-agent tuf" as it is started in earnest: each one alone, the reason named, and the trusted
/// files byte for byte what they were. A07 needs a slow clock: see <see cref="SlowTransferTests"/>.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class TufAttackTests
{
    private static readonly byte[] s_firmware = [1, 2, 3, 4];

    private static readonly string[] s_roles = ["timestamp", "snapshot", "targets", "role"];

    [Test]
    [Proves("W-8", "W-12", "W-16", "W-23")]
    public async Task A01_Metadata_signed_by_the_key_of_another_role_is_refused([ValueSource(nameof(s_roles))] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        TufRole role = Role(program, name), other = name == "targets" ? program.Repository.Timestamp : program.Repository.Targets;
        role.Signers = [other.Keys[0]];
        await RefusesAndKeepsAsync(program, name, "ThresholdNotMet");
    }

    [Test]
    public async Task A01_Unsigned_metadata_is_refused([ValueSource(nameof(s_roles))] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        Role(program, name).Signers = [];
        await RefusesAndKeepsAsync(program, name, "NoSignatures");
    }

    [Test]
    public async Task A01_Target_that_a_role_lists_outside_its_paths_is_refused()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.AddTarget(Role(program, "role"), "ventilator/firmware", s_firmware);
        program.Repository.Publish();
        TufProgram.Refuses(await program.DownloadAsync("ventilator/firmware"), "TargetNotFound");
        Assert.That(program.TargetFiles(), Is.EqualTo(["pump%2Ffirmware"]));
    }

    [Test]
    [Proves("W-5")]
    public async Task A02_Older_root_in_the_place_of_the_next_is_refused()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.PublishRoot();
        await program.RefreshedAsync();
        program.Repository.Files["metadata/3.root.json"] = program.Repository.TrustedRoot;
        await RefusesAsync(program, "MetadataRollback: root: wanted at least version 2, got 1");
    }

    [Test]
    [Proves("W-5")]
    public async Task A02_Root_that_skips_a_version_is_refused()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.PublishRoot();
        program.Repository.PublishRoot();
        program.Repository.Files["metadata/2.root.json"] = program.Repository.Files["metadata/3.root.json"];
        await RefusesAsync(program, "MetadataVersionMismatch: root: wanted the version after 1, got 3");
    }

    [Test]
    [Proves("W-9")]
    public async Task A02_Older_timestamp_is_refused()
    {
        await using TufProgram program = await WithReleaseAsync();
        byte[] old = program.Repository.Current(program.Repository.Timestamp);
        program.Repository.PublishTimestamp();
        await program.RefreshedAsync();
        program.Repository.Files["metadata/timestamp.json"] = old;
        await RefusesAsync(program, "MetadataRollback: timestamp");
    }

    [Test]
    [Proves("W-9")]
    public async Task A02_Older_snapshot_in_a_newer_timestamp_is_refused()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.Snapshot.Version = 0;
        program.Repository.PublishSnapshot();
        program.Repository.PublishTimestamp();
        await RefusesAsync(program, "MetadataRollback: snapshot, as named by the timestamp");
    }

    [Test]
    [Proves("W-14")]
    public async Task A02_Older_targets_in_a_newer_snapshot_are_refused([Values("targets", "role")] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        Role(program, name).Version = 0;
        program.Repository.PublishTargets(Role(program, name));
        program.Repository.PublishSnapshot();
        await RefusesAndKeepsAsync(program, "snapshot", $"MetadataRollback: {name}.json", publish: false);
    }

    [Test]
    [Proves("W-17")]
    public async Task A02_Older_targets_than_the_snapshot_names_are_refused([Values("targets", "role")] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        byte[] old = program.Repository.Current(Role(program, name));
        program.Repository.Publish();
        program.Repository.Files[program.Repository.PathOf(Role(program, name))] = old;
        await RefusesAndKeepsAsync(program, name, $"MetadataVersionMismatch: {name}", publish: false);
    }

    [Test]
    [Proves("W-10", "W-15", "W-19")]
    public async Task A03_Expired_metadata_is_refused([ValueSource(nameof(s_roles))] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        Role(program, name).Expires = program.Repository.Now.AddDays(-1);
        await RefusesAndKeepsAsync(program, name, $"MetadataExpired: {name}");
    }

    [Test]
    [Proves("W-6", "W-7")]
    public async Task A03_Expired_root_is_stored_and_nothing_after_it_is_looked_at()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.Root.Expires = program.Repository.Now.AddDays(-1);
        program.Repository.PublishRoot();
        program.Repository.Publish();
        Dictionary<string, byte[]> wanted = new(program.Everything(), StringComparer.Ordinal);
        TufProgram.Refuses(await program.RefreshAsync(), "MetadataExpired: root");
        Assert.That(program.Trusted("root"), Is.EqualTo(program.Repository.Current(program.Repository.Root)));
        wanted["root.json"] = program.Repository.Current(program.Repository.Root);
        Assert.That(program.Everything(), Is.EquivalentTo(wanted));
    }

    [Test]
    [Proves("W-2")]
    public async Task A03_Clock_that_runs_ahead_refuses_and_changes_nothing()
    {
        await using TufProgram program = await WithReleaseAsync();
        IReadOnlyDictionary<string, byte[]> before = program.Everything();
        TufProgram.Refuses(await TufProgram.RunAtAsync(TimeSpan.FromDays(31), [.. program.Common, "refresh"]), "MetadataExpired: root");
        Assert.That(program.Everything(), Is.EquivalentTo(before));
    }

    [Test]
    [Proves("W-5")]
    public async Task A03_Expired_root_that_a_newer_one_replaces_is_walked_through()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.Root.Expires = program.Repository.Now.AddDays(-1);
        program.Repository.PublishRoot();
        program.Repository.Root.Expires = program.Repository.Now.AddDays(30);
        program.Repository.PublishRoot();
        await program.RefreshedAsync();
    }

    [Test]
    [Proves("W-3", "W-4")]
    public async Task A04_Fast_forwarded_role_is_recovered_from_by_new_keys([ValueSource(nameof(s_roles))] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        TufRepository repository = program.Repository;
        TufRole role = Role(program, name);
        role.Version = long.MaxValue - 1;
        Republish(program, name);
        Assert.That((await program.DownloadAsync("pump/firmware")).ExitCode, Is.Zero);

        // Back to where it was is a rollback, until the keys are new: those of the snapshot, as its file names the versions of all targets.
        role.Version = 1;
        Republish(program, name);
        Assert.That((await program.DownloadAsync("pump/firmware")).Error, Does.Contain("MetadataRollback"));
        repository.Rotate(name == "timestamp" ? repository.Timestamp : repository.Snapshot, TufKey.Ed25519());
        repository.PublishSnapshot();
        repository.PublishTimestamp();
        ProgramRun run = await program.DownloadAsync("pump/firmware");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(program.Trusted(name), Is.EqualTo(repository.Current(role)));
        Assert.That(program.Everything().Keys, Has.None.Contains("void"));
    }

    [Test]
    [Proves("W-16")]
    public async Task A05_Targets_of_another_publication_are_refused([Values("targets", "role")] string name)
    {
        await using TufProgram program = await WithReleaseAsync(static repository => repository.StatesDigests = true);
        byte[] old = program.Repository.Current(Role(program, name));
        program.Repository.Publish();
        program.Repository.Files[program.Repository.PathOf(Role(program, name))] = old;
        await RefusesAndKeepsAsync(program, name, $"DigestMismatch: {name}", publish: false);
    }

    [Test]
    [Proves("W-11", "W-13")]
    public async Task A05_Snapshot_of_another_publication_is_refused([Values] bool statesDigests)
    {
        await using TufProgram program = await WithReleaseAsync(repository => repository.StatesDigests = statesDigests);
        byte[] old = program.Repository.Current(program.Repository.Snapshot);
        program.Repository.PublishSnapshot();
        program.Repository.Files[program.Repository.PathOf(program.Repository.Snapshot)] = old;
        await RefusesAndKeepsAsync(program, "snapshot", statesDigests ? "DigestMismatch: snapshot" : "MetadataVersionMismatch: snapshot", publish: false);
    }

    [Test]
    [Proves("W-20")]
    public async Task A06_Endless_metadata_is_broken_off([Values("root", "timestamp", "snapshot", "targets", "role")] string name, [Values] bool statesLengths)
    {
        await using TufProgram program = await WithReleaseAsync(repository => repository.StatesDigests = statesLengths);
        program.Repository.Publish();
        program.Server.Endless = name == "root" ? "metadata/2.root.json" : program.Repository.PathOf(Role(program, name));
        await RefusesAndKeepsAsync(program, name, "LimitExceeded", publish: false);
    }

    [Test]
    [Proves("W-26")]
    public async Task A06_Endless_target_is_broken_off()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.AddTarget(Role(program, "role"), "pump/second", [9]);
        program.Repository.Publish();
        program.Server.Endless = program.Repository.Files.Keys.Single(static path => path.EndsWith(".second", StringComparison.Ordinal));
        TufProgram.Refuses(await program.DownloadAsync("pump/second"), "LimitExceeded");
        Assert.That(program.TargetFiles(), Is.EqualTo(["pump%2Ffirmware"]));
    }

    [Test]
    [Proves("W-26")]
    public async Task A08_Other_bytes_than_the_target_has_are_not_kept([Values(3, 4)] int length)
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.AddTarget(Role(program, "role"), "pump/second", [9, 9, 9, 9]);
        program.Repository.Publish();
        string path = program.Repository.Files.Keys.Single(static path => path.EndsWith(".second", StringComparison.Ordinal));
        program.Repository.Files[path] = s_firmware[..length];
        TufProgram.Refuses(await program.DownloadAsync("pump/second"), length == 4 ? "DigestMismatch" : "LengthMismatch");
        Assert.That(program.TargetFiles(), Is.EqualTo(["pump%2Ffirmware"]));
    }

    [Test]
    public async Task A09_Fewer_keys_than_the_threshold_sign_nothing([ValueSource(nameof(s_roles))] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        TufRole role = Role(program, name);
        role.Keys = [TufKey.Ecdsa(), TufKey.Ed25519()];
        role.Threshold = 2;
        program.Repository.PublishRoot();
        program.Repository.Publish();
        Assert.That((await program.DownloadAsync("pump/firmware")).ExitCode, Is.Zero);
        role.Signers = [role.Keys[1]];
        await RefusesAndKeepsAsync(program, name, "ThresholdNotMet");
    }

    [Test]
    [Proves("W-14")]
    public async Task A10_Role_that_vanishes_from_the_snapshot_is_refused([Values("targets", "role")] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.SnapshotMeta.Remove(name + ".json");
        program.Repository.PublishSnapshot();
        await RefusesAndKeepsAsync(program, "snapshot", $"UnknownRole: snapshot: wanted {name}.json", publish: false);
    }

    [Test]
    [Proves("W-23")]
    public async Task A10_Role_that_the_snapshot_never_named_is_not_fetched()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.Targets.Delegate("newcomer", "new/*");
        program.Repository.PublishTargets(program.Repository.Targets);
        program.Repository.PublishSnapshot();
        program.Repository.PublishTimestamp();
        TufProgram.Refuses(await program.DownloadAsync("new/firmware"), "UnknownRole: snapshot: wanted newcomer.json");
        Assert.That(program.Server.Requests, Has.None.Contains("newcomer"));
    }

    [Test]
    public async Task A11_One_key_under_two_ids_counts_once([ValueSource(nameof(s_roles))] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        TufRole role = Role(program, name);
        TufKey key = TufKey.Ed25519();
        role.Keys = [key, key.Named("another-id")];
        role.Threshold = 2;
        program.Repository.PublishRoot();
        TufProgram.Refuses(await PublishAndDownloadAsync(program), "ThresholdNotMet");
    }

    [Test]
    public async Task A11_Two_signatures_under_one_id_are_refused([ValueSource(nameof(s_roles))] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        Role(program, name).Spoil = static file => file["signatures"]!.AsArray().Add(file["signatures"]![0]!.DeepClone());
        await RefusesAndKeepsAsync(program, name, "DuplicateField");
    }

    [Test]
    public async Task A12_Threshold_below_one_is_refused([Values(0, -1)] int threshold, [Values("root", "timestamp", "role")] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        (name == "root" ? program.Repository.Root : Role(program, name)).Threshold = threshold;
        program.Repository.PublishRoot();
        program.Repository.Publish();
        TufProgram.Refuses(await program.DownloadAsync("pump/firmware"), "InvalidThreshold");
    }

    [Test]
    public async Task A12_Key_of_unknown_type_or_scheme_counts_for_nothing([Values] bool scheme, [ValueSource(nameof(s_roles))] string name)
    {
        await using TufProgram program = await WithReleaseAsync();
        Role(program, name).Keys = [scheme ? TufKey.UnknownScheme() : TufKey.Unknown()];
        program.Repository.PublishRoot();
        TufProgram.Refuses(await PublishAndDownloadAsync(program), "ThresholdNotMet");
    }

    [Test]
    [Proves("W-5")]
    public async Task A13_Root_that_the_old_keys_did_not_sign_is_refused()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.Root.Keys = [TufKey.Ecdsa()];
        program.Repository.PublishRoot();
        await RefusesAsync(program, "ThresholdNotMet: wanted 1 valid signature of role root of version 1");
    }

    [Test]
    [Proves("W-5")]
    public async Task A13_Root_that_its_own_keys_did_not_sign_is_refused()
    {
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.Root.Signers = program.Repository.Root.Keys;
        program.Repository.Root.Keys = [TufKey.Ecdsa()];
        program.Repository.PublishRoot();
        await RefusesAsync(program, "ThresholdNotMet: wanted 1 valid signature of role root of version 2");
    }

    [Test]
    [Proves("W-5")]
    public async Task A13_Root_keys_are_replaced_one_root_after_the_other()
    {
        await using TufProgram program = await WithReleaseAsync();
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
        await using TufProgram program = await WithReleaseAsync(static repository => repository.Snapshot.Expires = repository.Now.AddDays(7));
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
        await using TufProgram program = await WithReleaseAsync(static repository => repository.Timestamp.Expires = repository.Snapshot.Expires = repository.Now.AddDays(7));
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
        program.Repository.AddTarget(role, "firmware", s_firmware);
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
        await using TufProgram program = await WithReleaseAsync();
        program.Repository.Targets.Delegate(name, "*");
        program.Repository.PublishTargets(program.Repository.Targets);
        program.Repository.PublishSnapshot();
        await RefusesAndKeepsAsync(program, "targets", "UnsafePath: the name of a delegated role", publish: false);
    }

    [TestCase("/etc/firmware")]
    [TestCase("../firmware")]
    [TestCase("..")]
    [TestCase(".")]
    [TestCase("a/./firmware")]
    [TestCase("a/../../firmware")]
    [Proves("W-22")]
    public async Task A15_Target_path_that_climbs_or_is_absolute_is_refused_before_it_is_fetched(string path)
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, path, s_firmware);
        program.Repository.Publish();
        TufProgram.Refuses(await program.DownloadAsync(path), "UnsafePath");
        Assert.That(program.Server.Requests, Has.None.StartsWith("targets/"));
        Assert.That(program.TargetFiles(), Is.Empty);
    }

    [TestCase("http://127.0.0.1:1/firmware")]
    [TestCase("a//firmware")]
    [TestCase("a%2Ffirmware")]
    [TestCase("..\\firmware")]
    [Proves("W-22")]
    public async Task A15_Strange_target_path_stays_below_both_folders(string path)
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, path, s_firmware);
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

    /// <summary>A client that has downloaded "pump/firmware", which the role "role" lists.</summary>
    private static async Task<TufProgram> WithReleaseAsync(Action<TufRepository>? configure = null)
    {
        TufProgram program = await TufProgram.StartAsync(configure);
        TufRole role = program.Repository.Targets.Delegate("role", "pump/*");
        program.Repository.AddTarget(role, "pump/firmware", s_firmware);
        program.Repository.Publish();
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync("pump/firmware");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return program;
    }

    private static TufRole Role(TufProgram program, string name) => name switch
    {
        "timestamp" => program.Repository.Timestamp,
        "snapshot" => program.Repository.Snapshot,
        "targets" => program.Repository.Targets,
        _ => program.Repository.Targets.Delegations[0].Role,
    };

    private static void Republish(TufProgram program, string name)
    {
        if (name is "targets" or "role")
        {
            program.Repository.PublishTargets(Role(program, name));
        }

        if (name is not "timestamp")
        {
            program.Repository.PublishSnapshot();
        }

        program.Repository.PublishTimestamp();
    }

    private static Task<ProgramRun> PublishAndDownloadAsync(TufProgram program)
    {
        program.Repository.Publish();
        return program.DownloadAsync("pump/firmware");
    }

    /// <summary>Refuses, and leaves every trusted file as it was.</summary>
    private static async Task RefusesAsync(TufProgram program, string reason)
    {
        IReadOnlyDictionary<string, byte[]> before = program.Everything();
        TufProgram.Refuses(await program.DownloadAsync("pump/firmware"), reason);
        Assert.That(program.Everything(), Is.EquivalentTo(before));
    }

    /// <summary>
    /// Publishes anew, and the file of one role is refused: the roles before it are what the repository has now, it and those after it are what they were.
    /// </summary>
    private static async Task RefusesAndKeepsAsync(TufProgram program, string name, string reason, bool publish = true)
    {
        if (publish)
        {
            program.Repository.Publish();
        }
        else
        {
            program.Repository.PublishTimestamp();
        }

        Dictionary<string, byte[]> wanted = new(program.Everything(), StringComparer.Ordinal);
        foreach (string role in s_roles.TakeWhile(role => role != name && name != "root"))
        {
            wanted[role + ".json"] = program.Repository.Current(Role(program, role));
        }

        TufProgram.Refuses(await program.DownloadAsync("pump/firmware"), reason);
        Assert.That(program.Everything(), Is.EquivalentTo(wanted));
    }
}
