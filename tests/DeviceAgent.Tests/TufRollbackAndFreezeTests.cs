using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>
/// Metadata that is foreign, old, expired, ahead or of another publication (A01 to A05), against "fota-agent tuf" as it is started in earnest: each
/// attack alone, the reason named, and the trusted files byte for byte what they were.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class TufRollbackAndFreezeTests
{
    private static string[] Roles => TufProgram.Roles;

    [Test]
    [Proves("W-8", "W-12", "W-16", "W-23")]
    public async Task A01_Metadata_signed_by_the_key_of_another_role_is_refused([ValueSource(nameof(Roles))] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        TufRole role = program.Role(name), other = name == "targets" ? program.Repository.Timestamp : program.Repository.Targets;
        role.Signers = [other.Keys[0]];
        await program.RefusesAndKeepsAsync(name, "ThresholdNotMet");
    }

    [Test]
    public async Task A01_Unsigned_metadata_is_refused([ValueSource(nameof(Roles))] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Role(name).Signers = [];
        await program.RefusesAndKeepsAsync(name, "NoSignatures");
    }

    [Test]
    public async Task A01_Target_that_a_role_lists_outside_its_paths_is_refused()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.AddTarget(program.Role("role"), "ventilator/firmware", TufProgram.Firmware);
        program.Repository.Publish();
        TufProgram.Refuses(await program.DownloadAsync("ventilator/firmware"), "TargetNotFound");
        Assert.That(program.TargetFiles(), Is.EqualTo(["pump%2Ffirmware"]));
    }

    [Test]
    [Proves("W-5")]
    public async Task A02_Older_root_in_the_place_of_the_next_is_refused()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.PublishRoot();
        await program.RefreshedAsync();
        program.Repository.Files["metadata/3.root.json"] = program.Repository.TrustedRoot;
        await program.RefusesAndChangesNothingAsync("MetadataRollback: root: wanted at least version 2, got 1");
    }

    [Test]
    [Proves("W-5")]
    public async Task A02_Root_that_skips_a_version_is_refused()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.PublishRoot();
        program.Repository.PublishRoot();
        program.Repository.Files["metadata/2.root.json"] = program.Repository.Files["metadata/3.root.json"];
        await program.RefusesAndChangesNothingAsync("MetadataVersionMismatch: root: wanted the version after 1, got 3");
    }

    [Test]
    [Proves("W-9")]
    public async Task A02_Older_timestamp_is_refused()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        byte[] old = program.Repository.Current(program.Repository.Timestamp);
        program.Repository.PublishTimestamp();
        await program.RefreshedAsync();
        program.Repository.Files["metadata/timestamp.json"] = old;
        await program.RefusesAndChangesNothingAsync("MetadataRollback: timestamp");
    }

    [Test]
    [Proves("W-9")]
    public async Task A02_Older_snapshot_in_a_newer_timestamp_is_refused()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.Snapshot.Version = 0;
        program.Repository.PublishSnapshot();
        program.Repository.PublishTimestamp();
        await program.RefusesAndChangesNothingAsync("MetadataRollback: snapshot, as named by the timestamp");
    }

    [Test]
    [Proves("W-14")]
    public async Task A02_Older_targets_in_a_newer_snapshot_are_refused([Values("targets", "role")] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Role(name).Version = 0;
        program.Repository.PublishTargets(program.Role(name));
        program.Repository.PublishSnapshot();
        await program.RefusesAndKeepsAsync("snapshot", $"MetadataRollback: {name}.json", publish: false);
    }

    [Test]
    [Proves("W-17")]
    public async Task A02_Older_targets_than_the_snapshot_names_are_refused([Values("targets", "role")] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        byte[] old = program.Repository.Current(program.Role(name));
        program.Repository.Publish();
        program.Repository.Files[program.Repository.PathOf(program.Role(name))] = old;
        await program.RefusesAndKeepsAsync(name, $"MetadataVersionMismatch: {name}", publish: false);
    }

    [Test]
    [Proves("W-10", "W-15", "W-19")]
    public async Task A03_Expired_metadata_is_refused([ValueSource(nameof(Roles))] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Role(name).Expires = program.Repository.Now.AddDays(-1);
        await program.RefusesAndKeepsAsync(name, $"MetadataExpired: {name}");
    }

    [Test]
    [Proves("W-6", "W-7")]
    public async Task A03_Expired_root_is_stored_and_nothing_after_it_is_looked_at()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
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
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        IReadOnlyDictionary<string, byte[]> before = program.Everything();
        TufProgram.Refuses(await TufProgram.RunAtAsync(TimeSpan.FromDays(31), [.. program.Common, "refresh"]), "MetadataExpired: root");
        Assert.That(program.Everything(), Is.EquivalentTo(before));
    }

    [Test]
    [Proves("W-5")]
    public async Task A03_Expired_root_that_a_newer_one_replaces_is_walked_through()
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        program.Repository.Root.Expires = program.Repository.Now.AddDays(-1);
        program.Repository.PublishRoot();
        program.Repository.Root.Expires = program.Repository.Now.AddDays(30);
        program.Repository.PublishRoot();
        await program.RefreshedAsync();
    }

    [Test]
    [Proves("W-3", "W-4")]
    public async Task A04_Fast_forwarded_role_is_recovered_from_by_new_keys([ValueSource(nameof(Roles))] string name)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync();
        TufRepository repository = program.Repository;
        TufRole role = program.Role(name);
        role.Version = long.MaxValue - 1;
        program.Republish(name);
        Assert.That((await program.DownloadAsync("pump/firmware")).ExitCode, Is.Zero);

        // Back to where it was is a rollback, until the keys are new: those of the snapshot, as its file names the versions of all targets.
        role.Version = 1;
        program.Republish(name);
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
        await using TufProgram program = await TufProgram.WithReleaseAsync(static repository => repository.StatesDigests = true);
        byte[] old = program.Repository.Current(program.Role(name));
        program.Repository.Publish();
        program.Repository.Files[program.Repository.PathOf(program.Role(name))] = old;
        await program.RefusesAndKeepsAsync(name, $"DigestMismatch: {name}", publish: false);
    }

    [Test]
    [Proves("W-11", "W-13")]
    public async Task A05_Snapshot_of_another_publication_is_refused([Values] bool statesDigests)
    {
        await using TufProgram program = await TufProgram.WithReleaseAsync(repository => repository.StatesDigests = statesDigests);
        byte[] old = program.Repository.Current(program.Repository.Snapshot);
        program.Repository.PublishSnapshot();
        program.Repository.Files[program.Repository.PathOf(program.Repository.Snapshot)] = old;
        await program.RefusesAndKeepsAsync("snapshot", statesDigests ? "DigestMismatch: snapshot" : "MetadataVersionMismatch: snapshot", publish: false);
    }
}
