using System.Net;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>What "fota-agent tuf" promises to whoever starts it.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class TufCommandTests
{
    [Test]
    [Proves("W-1")]
    public async Task Init_stores_the_root_byte_for_byte_and_asks_nobody()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        Assert.That(program.Everything().Keys, Is.EqualTo(["root.json"]));
        Assert.That(program.Trusted("root"), Is.EqualTo(program.Repository.TrustedRoot));
        Assert.That(program.Server.Requests, Is.Empty);
    }

    [Test]
    [Proves("W-1")]
    public async Task Root_that_is_not_signed_by_itself_is_not_stored()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        TufRepository other = new(TimeProvider.System.GetUtcNow(), static repository => repository.Root.Signers = [TufKey.Ecdsa()]);
        TufProgram.Refuses(await program.InitAsync(other.TrustedRoot), "ThresholdNotMet");
        Assert.That(program.Trusted("root"), Is.EqualTo(program.Repository.TrustedRoot));
    }

    [Test]
    [Proves("W-1")]
    public async Task Refresh_without_a_trusted_root_fails_and_asks_nobody()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        File.Delete(Path.Combine(program.MetadataFolder, "root.json"));
        TufProgram.Refuses(await program.RefreshAsync(), "root.json: wanted the trusted root, got none");
        Assert.That(program.Server.Requests, Is.Empty);
    }

    [Test]
    [Proves("W-18")]
    public async Task Refresh_stores_what_was_received_byte_for_byte([Values(true, false)] bool consistent)
    {
        await using TufProgram program = await TufProgram.StartAsync(repository => repository.ConsistentSnapshot = consistent);
        TufRepository repository = program.Repository;
        repository.PublishRoot();
        await program.RefreshedAsync();
        Assert.That(program.Server.Requests, Is.EqualTo(consistent
            ? ["metadata/2.root.json", "metadata/3.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json", "metadata/1.targets.json"]
            : (string[])["metadata/2.root.json", "metadata/3.root.json", "metadata/timestamp.json", "metadata/snapshot.json", "metadata/targets.json"]));
        Assert.That(program.Everything(), Is.EquivalentTo(new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["root.json"] = repository.Current(repository.Root),
            ["timestamp.json"] = repository.Current(repository.Timestamp),
            ["snapshot.json"] = repository.Current(repository.Snapshot),
            ["targets.json"] = repository.Current(repository.Targets),
        }));
    }

    [Test]
    public async Task Second_refresh_fetches_no_more_than_it_has_to()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        await program.RefreshedAsync();
        program.Server.Requests.Clear();
        await program.RefreshedAsync();
        Assert.That(program.Server.Requests, Is.EqualTo(["metadata/2.root.json", "metadata/timestamp.json"]));
    }

    [TestCase(HttpStatusCode.Forbidden)]
    [TestCase(HttpStatusCode.NotFound)]
    public async Task Next_root_that_the_server_does_not_have_means_that_there_is_none(HttpStatusCode status)
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Server.Statuses["metadata/2.root.json"] = status;
        await program.RefreshedAsync();
    }

    [TestCase("metadata/2.root.json", HttpStatusCode.InternalServerError)]
    [TestCase("metadata/timestamp.json", HttpStatusCode.NotFound)]
    [TestCase("metadata/timestamp.json", HttpStatusCode.InternalServerError)]
    [TestCase("metadata/1.snapshot.json", HttpStatusCode.NotFound)]
    [TestCase("metadata/1.targets.json", HttpStatusCode.Redirect)]
    public async Task File_that_cannot_be_had_fails_at_once_and_is_asked_for_once(string path, HttpStatusCode status)
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Server.Statuses[path] = status;
        TufProgram.Refuses(await program.RefreshAsync(), "");
        Assert.That(program.Server.Requests.Count(request => request == path), Is.EqualTo(1));
        Assert.That(program.Server.Requests[^1], Is.EqualTo(path));
    }

    [Test]
    [Proves("W-26")]
    public async Task Download_refreshes_and_puts_the_target_where_it_belongs([Values(true, false)] bool consistent)
    {
        await using TufProgram program = await TufProgram.StartAsync(repository => repository.ConsistentSnapshot = consistent);
        program.Repository.AddTarget(program.Repository.Targets, "path/to/a file #1", [1, 2, 3]);
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync("path/to/a file #1");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(program.TargetFiles(), Is.EqualTo(["path%2Fto%2Fa%20file%20%231"]));
        Assert.That(program.Target("path%2Fto%2Fa%20file%20%231"), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(program.Server.Requests[^1], consistent ? Does.Match("^targets/path/to/[0-9a-f]{64}\\.a%20file%20%231$") : Is.EqualTo("targets/path/to/a%20file%20%231"));
    }

    [TestCase("sha512")]
    [TestCase("sha256", "sha512")]
    public async Task Target_may_have_any_digest_that_is_understood(params string[] hashes)
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, "firmware", [1, 2, 3], hashes);
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync("firmware");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    [Test]
    [Proves("W-27")]
    public async Task Target_that_is_there_is_not_fetched_again_and_a_damaged_one_is()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, "firmware", [1, 2, 3]);
        program.Repository.Publish();
        Assert.That((await program.DownloadAsync("firmware")).ExitCode, Is.Zero);
        Assert.That((await program.DownloadAsync("firmware")).ExitCode, Is.Zero);
        Assert.That(program.Server.Requests.Count(static path => path.StartsWith("targets/", StringComparison.Ordinal)), Is.EqualTo(1));
        await File.WriteAllBytesAsync(Path.Combine(program.TargetFolder, "firmware"), [1, 2, 4]);
        Assert.That((await program.DownloadAsync("firmware")).ExitCode, Is.Zero);
        Assert.That(program.Target("firmware"), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    [Proves("W-28")]
    public async Task Several_targets_share_one_refresh_and_stop_at_the_first_that_fails()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, "first", [1]);
        program.Repository.AddTarget(program.Repository.Targets, "third", [3]);
        program.Repository.Publish();
        TufProgram.Refuses(await program.DownloadAsync("first", "second", "third"), "TargetNotFound");
        Assert.That(program.TargetFiles(), Is.EqualTo(["first"]));
        Assert.That(program.Server.Requests.Count(static path => path == "metadata/timestamp.json"), Is.EqualTo(1));
    }

    [Test]
    public async Task Delegated_roles_are_stored_under_their_encoded_names()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        TufRole role = program.Repository.Targets.Delegate("Team/Ä ?", "*");
        program.Repository.AddTarget(role, "firmware", [1]);
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync("firmware");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(program.Trusted("Team%2F%C3%84%20%3F"), Is.EqualTo(program.Repository.Current(role)));
        Assert.That(program.Server.Requests, Does.Contain("metadata/1.Team%2F%C3%84%20%3F.json"));
    }

    [Test]
    [Proves("W-25")]
    public async Task A01_Cached_role_is_verified_against_its_current_delegator()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        TufRepository repository = program.Repository;
        TufRole role = repository.Targets.Delegate("role", "*");
        repository.AddTarget(role, "firmware", [1]);
        repository.Publish();
        Assert.That((await program.DownloadAsync("firmware")).ExitCode, Is.Zero);

        // The same file of the role, in the snapshot as before; but the targets now want another key for it.
        role.SetKeysBy(repository.Targets, TufKey.Ed25519());
        repository.PublishTargets(repository.Targets);
        repository.PublishSnapshot();
        repository.PublishTimestamp();
        TufProgram.Refuses(await program.DownloadAsync("firmware"), "ThresholdNotMet");
    }

    [Test]
    [Proves("W-2")]
    public async Task Clock_of_the_process_decides_expiry_however_far_off_it_is()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, "firmware", [1]);
        program.Repository.Publish();
        TufProgram.Refuses(await TufProgram.RunAtAsync(TimeSpan.FromDays(4 * 365), program.Download("firmware")), "MetadataExpired: root");
        Assert.That(program.Everything().Keys, Is.EqualTo(["root.json"]));
        ProgramRun run = await TufProgram.RunAtAsync(TimeSpan.FromDays(-4 * 365), program.Download("firmware"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    [TestCase("tuf")]
    [TestCase("tuf", "fly")]
    [TestCase("tuf", "refresh")]
    [TestCase("tuf", "--metadata-dir", "/nowhere/at/all", "refresh")]
    [TestCase("tuf", "--metadata-dir", "/nowhere/at/all", "--metadata-url", "ftp://127.0.0.1/", "refresh")]
    [TestCase("tuf", "--metadata-dir", "/nowhere/at/all", "--metadata-url", "http://127.0.0.1:1/", "download")]
    [TestCase("tuf", "--metadata-dir", "/nowhere/at/all", "--metadata-url", "http://127.0.0.1:1/", "refresh")]
    [TestCase("tuf", "--metadata-dir", "/nowhere/at/all", "init", "/nowhere/root.json")]
    public async Task Whatever_is_wrong_gives_one_line_and_exit_code_1(params string[] arguments) =>
        TufProgram.Refuses(await TufProgram.RunAsync(arguments), "");

    [Test]
    public async Task Name_of_a_target_may_begin_with_an_at_sign()
    {
        await using TufProgram program = await TufProgram.StartAsync();
        program.Repository.AddTarget(program.Repository.Targets, "@scope/package", [1]);
        program.Repository.Publish();
        ProgramRun run = await program.DownloadAsync("@scope/package");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }
}
