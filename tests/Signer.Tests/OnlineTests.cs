using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace Fota.Signer.Tests;

[TestFixture]
public sealed class OnlineTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    public async Task Fresh_metadata_is_left_as_it_is()
    {
        _world.Clock.Step(TimeSpan.FromHours(11));
        Assert.That((await _world.OnlineAsync()).Ok().Output, Is.Empty);
    }

    [Test]
    public async Task Timestamp_is_signed_when_half_of_its_day_is_over()
    {
        _world.Clock.Step(TimeSpan.FromHours(13));
        Assert.That((await _world.OnlineAsync()).Ok().Output, Is.EqualTo("signed timestamp 2\n"));
        TrustedMetadataSet trust = Client.Update(_world);
        Assert.That((trust.Timestamp!.Expires, trust.Snapshot!.Version), Is.EqualTo((_world.Clock.GetUtcNow().AddDays(1), 1L)));
    }

    [Test]
    public async Task Snapshot_is_signed_when_half_of_its_week_is_over()
    {
        _world.Clock.Step(TimeSpan.FromDays(4));
        Assert.That((await _world.OnlineAsync()).Ok().Output, Is.EqualTo("signed snapshot 2 and timestamp 2\n"));
        Assert.That(Client.Update(_world).Snapshot!.Expires, Is.EqualTo(_world.Clock.GetUtcNow().AddDays(7)));
    }

    [Test]
    public async Task A03_Repository_that_was_left_alone_for_a_month_is_fresh_again_after_one_pass()
    {
        await _world.ReleaseAsync("1.0.0");
        _world.Clock.Step(TimeSpan.FromDays(30));
        Assert.That(() => Client.Update(_world), Throws.TypeOf<RejectedException>().With.Message.StartsWith("MetadataExpired"));
        (await _world.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(_world, "1.0.0").Content.Sequence.Value, Is.EqualTo(1));
    }

    [Test]
    public async Task Version_that_was_signed_and_never_served_is_not_signed_again()
    {
        // The snapshot was written, and the power failed before the timestamp was.
        File.Copy(_world.Repository.FullPath("metadata/1.snapshot.json"), _world.Repository.FullPath("metadata/2.snapshot.json"));
        _world.Clock.Step(TimeSpan.FromDays(4));
        Assert.That((await _world.OnlineAsync()).Ok().Output, Is.EqualTo("signed snapshot 3 and timestamp 2\n"));
    }

    [TestCase("tables", "ChunkTableMismatch")]
    [TestCase("targets", "DigestMismatch")]
    public async Task Repository_that_clients_would_refuse_is_not_made_visible(string folder, string reason)
    {
        await _world.ApprovedAsync("1.0.0");
        (await _world.PublishAsync("1.0.0")).Ok();
        string file = Directory.GetFiles(_world.Repository.FullPath(folder), "*", SearchOption.AllDirectories).Single();
        byte[] content = await File.ReadAllBytesAsync(file);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(file, content);
        byte[] before = _world.Repository.Read("metadata/timestamp.json");
        (await _world.OnlineAsync()).Refused($"not written, as clients would refuse the repository: {reason}");
        Assert.That(_world.Repository.Read("metadata/timestamp.json"), Is.EqualTo(before));
        Assert.That(_world.Repository.Has("metadata/2.snapshot.json"), Is.False);
    }

    [Test]
    public async Task A02_Product_role_that_was_set_back_is_not_made_visible()
    {
        await _world.ReleaseAsync("1.0.0");
        await _world.ReleaseAsync("1.1.0");
        _world.Repository.WriteState(_world.Repository.ReadState().With(SignerWorld.Product, 1));
        (await _world.OnlineAsync()).Refused("MetadataRollback");
    }

    [Test]
    public async Task Repository_with_an_expired_root_is_refreshed_and_the_root_is_named()
    {
        _world.Clock.Step(TimeSpan.FromDays(800));
        Assert.That((await _world.OnlineAsync()).Ok().Output, Does.Contain("root 1 has expired"));
    }

    [TestCase("locked")]
    [TestCase("unopenable")]
    [TestCase("forbidden")]
    public async Task A48_Trouble_with_the_disk_does_not_end_the_loop(string trouble)
    {
        _world.Clock.Step(TimeSpan.FromHours(13));
        string journal = _world.HomeFolder.Journal;
        using SqliteConnection other = new($"Data Source={journal};Pooling=False");
        Action end = () => { };
        switch (trouble)
        {
            case "locked":
                other.Open();
                SqliteTransaction held = other.BeginTransaction();
                end = held.Dispose;
                break;
            case "unopenable":
                File.Move(journal, journal + ".away");
                Directory.CreateDirectory(journal);
                end = () =>
                {
                    Directory.Delete(journal);
                    File.Move(journal + ".away", journal);
                };
                break;
            default:
                // A folder in the lock's place is "access denied", to root as well.
                File.Delete(_world.HomeFolder.Lock);
                Directory.CreateDirectory(_world.HomeFolder.Lock);
                end = () => Directory.Delete(_world.HomeFolder.Lock);
                break;
        }

        using CancellationTokenSource stop = new(TimeSpan.FromMinutes(1));
        using WatchedWriter error = new("next try in 1 s", end), output = new("signed timestamp 2", stop.Cancel);
        CommandResult result = await _world.RunAsync(output, error, stop.Token, "online", "--home", _world.Home, "--pin-file", _world.PinFile("online"), "--interval-seconds", "1");
        Assert.That(result.Ok().Output, Is.EqualTo("signed timestamp 2\n"));
        Assert.That(result.Error, Does.StartWith("online: ").And.EndWith("online: stopped\n"));
    }

    [Test]
    public async Task Journal_that_is_no_database_ends_the_loop()
    {
        await File.WriteAllTextAsync(_world.HomeFolder.Journal, new string('x', 4096));
        using CancellationTokenSource stop = new(TimeSpan.FromMinutes(1));
        (await _world.RunAsync(new StringWriter(), new StringWriter(), stop.Token, "online", "--home", _world.Home, "--pin-file", _world.PinFile("online"), "--interval-seconds", "1")).Refused("file is not a database");
    }

    [Test]
    public async Task Publication_carries_all_that_a_client_needs()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        Assert.That((await PushAsync(server)).Ok().Output, Does.Contain("took timestamp 2"));
        Dictionary<string, byte[]> sent = server.Publications.Single();
        TrustedMetadataSet trust = Client.Update(path => sent.GetValueOrDefault(path), sent["metadata/1.root.json"], _world.Clock.GetUtcNow(), SignerWorld.Product);
        VerifiedTarget target = trust.FindTarget("infusion-pump/1.0.0/manifest.suit").OrThrow();
        Assert.That(target.Verify(sent["targets/" + MetadataFileName.OfTarget(target.Path, target.Sha256)]).IsAccepted(out _, out _), Is.True);
        Assert.That(sent.Keys.Select(static path => path.Split('/')[0]).Distinct(StringComparer.Ordinal), Is.EquivalentTo(["metadata", "targets", "tables", "packs", "log"]));
    }

    [Test]
    public async Task What_a_server_acknowledged_is_not_sent_again()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        (await PushAsync(server)).Ok();
        (await PushAsync(server)).Ok();
        Assert.That(server.Publications, Has.Count.EqualTo(1));
        await _world.ReleaseAsync("1.1.0");
        (await PushAsync(server)).Ok();
        Assert.That(server.Publications[1].Keys.Single(static path => path.StartsWith("targets/", StringComparison.Ordinal)), Does.StartWith("targets/infusion-pump/1.1.0/"));
        Assert.That(server.Publications[1].Keys.Count(static path => path.StartsWith("packs/", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    [Fota.TestKit.Proves("L-23")]
    public async Task A49_Timestamp_reaches_the_server_although_a_tile_is_lost_that_the_server_has()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        (await PushAsync(server)).Ok();
        Directory.Delete(Path.Combine(_world.HomeFolder.Log, "tile", "0"), recursive: true);
        _world.Clock.Step(TimeSpan.FromHours(13));
        CommandResult pushed = await PushAsync(server);
        Assert.That(pushed.Output, Does.EndWith("took timestamp 3\n"));
        pushed.Refused("tile/0/000.p/");
    }

    [Test]
    [Fota.TestKit.Proves("R-50")]
    public async Task Changes_of_roles_reach_the_server_at_the_next_look_and_a_device_follows_them()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        (await PushAsync(server)).Ok();
        (await _world.MakeKeyAsync("root-4")).Ok();
        (await _world.MakeKeyAsync("approver-2")).Ok();
        await _world.ChangeAsync("--role root --add-key root-4 --remove-key root-1", "root-2 root-3 root-4");
        (await PushAsync(server)).Ok();
        await _world.ChangeAsync("--role infusion-pump --add-key approver-2 --remove-key approver", "targets approver-2 release");
        await _world.ChangeAsync("--role infusion-pump --hash-bins 16", "release approver-2");
        (await PushAsync(server)).Ok();
        Assert.That(server.Publications, Has.Count.EqualTo(3));
        Assert.That(server.Publications[1].Keys, Does.Contain("metadata/2.root.json").And.Not.Contain("metadata/1.infusion-pump.json"));
        TrustedMetadataSet trust = Client.Update(path => server.Served.GetValueOrDefault(path), server.Served["metadata/1.root.json"], _world.Clock.GetUtcNow(), SignerWorld.Product);
        VerifiedTarget target = trust.FindTarget("infusion-pump/1.0.0/manifest.suit").OrThrow();
        Assert.That(target.Verify(server.Served["targets/" + MetadataFileName.OfTarget(target.Path, target.Sha256)]).IsAccepted(out _, out _), Is.True);
        Assert.That((trust.Root.Version, target.Role.Split('.')[0]), Is.EqualTo((2L, SignerWorld.Product)));
    }

    [Test]
    public async Task Publication_that_was_refused_is_sent_whole_again()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        Func<HttpContext, Task> accept = server.Answer;
        server.Answer = static context => RefuseAsync(context, "ThresholdNotMet");
        (await PushAsync(server)).Refused("refused the publication: 422 ThresholdNotMet: wanted 2, got 1");
        server.Answer = accept;
        (await PushAsync(server)).Ok();
        Assert.That(server.Publications[1].Keys, Is.EqualTo(server.Publications[0].Keys));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A48_Server_that_lost_its_data_is_sent_everything_again(bool isPublishedAnew)
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        Func<HttpContext, Task> accept = server.Answer;
        (await PushAsync(server)).Ok();
        if (isPublishedAnew)
        {
            await _world.ReleaseAsync("1.1.0");
        }

        server.Served.Clear();
        server.Answer = context => server.Publications[^1].Keys.Any(static path => path.StartsWith("targets/infusion-pump/1.0.0/", StringComparison.Ordinal)) ? accept(context) : RefuseAsync(context, "MissingField");
        CommandResult pushed = (await PushAsync(server)).Ok();
        Assert.That(pushed.Error, Does.Contain("has lost files that it acknowledged (422 MissingField"));
        Assert.That(server.Publications[^1].Keys, Is.SupersetOf(server.Publications[0].Keys.Where(static path => !path.StartsWith("metadata/", StringComparison.Ordinal) && !path.Contains(".p/", StringComparison.Ordinal))));
        (await PushAsync(server)).Ok();
        Assert.That(server.Publications, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Server_that_was_sent_everything_and_still_misses_a_file_is_not_sent_it_twice_in_one_pass()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        server.Answer = static context => RefuseAsync(context, "MissingField");
        (await PushAsync(server)).Refused("refused the publication: 422 MissingField: wanted 2, got 1");
        Assert.That(server.Publications, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Publication_that_moves_slowly_takes_as_long_as_it_takes()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        _world.Clock.Lag = TimeSpan.FromSeconds(119);
        (await PushAsync(server)).Ok();
        Assert.That(_world.Clock.Lagged, Is.GreaterThan(TimeSpan.FromMinutes(30)));
    }

    [Test]
    public async Task Publication_that_does_not_move_is_given_up()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        _world.Clock.Lag = TimeSpan.FromSeconds(121);
        (await PushAsync(server)).Refused("no progress for 120 s after ");
    }

    [Test]
    public async Task Answer_that_does_not_come_is_given_up()
    {
        await _world.ReleaseAsync("1.0.0");
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        _world.Clock.Lag = TimeSpan.Zero;
        server.Answer = context =>
        {
            _world.Clock.Expire();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        (await PushAsync(server)).Refused("no answer within 30 minutes after all ");
        Assert.That(_world.Clock.Expired, Is.EqualTo(TimeSpan.FromMinutes(30)));
    }

    [Test]
    public async Task Server_under_another_authority_gets_nothing()
    {
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        CommandResult result = await PushAsync(server, "--server-ca", _world.HomeFolder.AuthorityCertificate("device"));
        Assert.That((result.ExitCode, server.Publications.Count), Is.EqualTo((1, 0)), result.Error);
    }

    [Test]
    public async Task Server_without_tls_gets_nothing() => (await _world.OnlineAsync("--server", "http://127.0.0.1:1/", "--token-file", _world.PathOf("none"))).Refused("wanted an https address");

    [Test]
    public async Task Token_file_that_others_can_read_is_refused()
    {
        await using PublicationServer server = await PublicationServer.StartAsync(_world);
        SignerWorld.SetMode(_world.PathOf("token"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        (await PushAsync(server)).Refused("wanted mode 0600, got 0604");
        Assert.That(server.Publications, Is.Empty);
    }

    private static Task RefuseAsync(HttpContext context, string reason)
    {
        context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return context.Response.WriteAsJsonAsync(new { reason, detail = "wanted 2, got 1" });
    }

    private Task<CommandResult> PushAsync(PublicationServer server, params string[] further) =>
        _world.OnlineAsync(["--server", server.Address.AbsoluteUri, "--token-file", _world.PathOf("token"), .. further]);
}
