using System.Text.Json;
using Dapper;
using Fota.EndToEnd.Tests.Identity;
using Fota.EndToEnd.Tests.Roles;
using Fota.Interop;
using Fota.TestKit;
using Microsoft.Data.Sqlite;

namespace Fota.EndToEnd.Tests.Audit;

/// <summary>A server's own log from the change to the auditor: fota-server writes it, fota-signer signs for it with a key on a token, fota verifies it; and what they do when the server's database tells another story.</summary>
public sealed class ServerLogChainTests
{
    private const string Origin = "updates.example/audit";

    private SignerSite _signer = null!;
    private FieldServer _server = null!;

    private string Database => Path.Combine(_server.Folder, "data", "server.db");

    [OneTimeSetUp]
    public async Task Install()
    {
        SystemLibrary.Redirect(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, "e_sqlite3", "libsqlite3.so.0");
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
        _signer = await SignerSite.CreateAsync();
        await _signer.ReleaseAsync("1.0.0");
        _server = await FieldServer.InstallAsync(_signer);
    }

    [OneTimeTearDown]
    public async Task Remove()
    {
        await _server.DisposeAsync();
        _signer.Dispose();
    }

    [Test]
    [Category("Full")]
    [Proves("J-11", "J-12", "J-14", "J-21")]
    public async Task P8_A51_Log_of_a_server_is_signed_pinned_and_verified_and_a_tree_that_shrank_or_forked_is_not_signed_for()
    {
        await _server.RestartAsync(TimeSpan.Zero);
        await ShutOutAsync("pump-0001");
        ProgramRun signed = await OnlineAsync(TimeSpan.Zero);
        Assert.That((signed.ExitCode, signed.Output), Is.EqualTo((0, signed.Output)), signed.Error);
        Assert.That(signed.Output, Does.Match($"signed for the 2 entries of log {Origin}"), "who may do what at the start, and a device that was shut out");

        // An auditor looks, keeps the checkpoint, and takes a copy home.
        string vkey = (await _signer.RunAsync("log", "show", "--home", _signer.Home)).Split('\n').Single(static l => l.StartsWith("server log: ", StringComparison.Ordinal)).Split("vkey ")[1];
        string[] log = [new Uri(_server.Address, "api/v1/audit/log/").ToString(), "--server-ca", _signer.Path("home/ca/service-ca.pem"), "--token-file", _server.Token];
        string kept = _signer.Path("kept"), copy = _signer.Path("copy");
        ProgramRun verified = await VerifyAsync([.. log, "--vkey", vkey, "--keep", kept, "--mirror", copy]);
        Assert.That(verified.Output, Does.StartWith($"verified: log {Origin}, 2 entries"), verified.Error);
        Assert.That((await VerifyAsync(copy, "--vkey", vkey, "--checkpoint", kept, "--entries")).Output, Does.Contain("\"kind\":\"device.revoked\"").And.Contain("grown from 1 earlier checkpoints"));
        Assert.That((await VerifyAsync(log[0], "--server-ca", log[2], "--vkey", vkey)).ExitCode, Is.EqualTo(1), "not without a token");

        // Half a day later every device is told of it, and pins it.
        TimeSpan later = TimeSpan.FromHours(13);
        await _server.RestartAsync(later);
        ProgramRun renewed = await OnlineAsync(later);
        Assert.That(renewed.Output, Does.Contain("signed timestamp ").And.Contain("took timestamp "), renewed.Error);
        JsonElement timestamp = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(Path.Combine(_signer.Repository, "metadata", "timestamp.json")));
        JsonElement pinned = timestamp.GetProperty("signed").GetProperty("server_logs")[0];
        Assert.That((pinned.GetProperty("vkey").GetString(), pinned.GetProperty("checkpoint").GetString()!.Split('\n')[0]), Is.EqualTo((vkey, Origin)));

        // An old copy of the database takes the place of the one that was signed for.
        await _server.StopAsync();
        Copy(Database, _signer.Path("old.db"));
        await _server.RestartAsync(later);
        await ShutOutAsync("pump-0002");
        Assert.That((await OnlineAsync(later)).ExitCode, Is.Zero);
        long before = Signatures();
        await _server.StopAsync();
        Copy(_signer.Path("old.db"), Database);
        await _server.RestartAsync(later);
        ProgramRun refused = await OnlineAsync(later);
        Assert.That((refused.ExitCode, Signatures()), Is.EqualTo((1, before)), refused.Output);
        Assert.That(refused.Error, Does.Contain("LogTruncated").And.Contain("nothing is signed for it"));

        // It goes on from there, and tells another story from the entry on that it forgot.
        await ShutOutAsync("pump-0003");
        await ShutOutAsync("pump-0004");
        TimeSpan muchLater = 2 * later;
        await _server.RestartAsync(muchLater);
        ProgramRun forked = await OnlineAsync(muchLater);
        Assert.That(forked.Error, Does.Contain("LogMismatch").And.Contain("nothing is signed for it"));
        Assert.That(forked.Output, Does.Contain("signed timestamp ").And.Contain("took timestamp "), "devices go on");
        Assert.That((await OnlineAsync(muchLater)).Error, Does.Contain("LogMismatch"), "it is said at every look");
        Assert.That(Count("log_entry WHERE CAST(entry AS TEXT) LIKE '%\"server_log.refused\"%'"), Is.EqualTo(2), "and once for each story in the signer's log");
    }

    private static void Copy(string from, string to)
    {
        using SqliteConnection source = new($"Data Source={from};Pooling=False"), target = new($"Data Source={to};Pooling=False");
        source.Open();
        target.Open();
        source.BackupDatabase(target);
    }

    private static Task<ProgramRun> VerifyAsync(params string[] arguments) => ProgramRun.OfAsync("Fota.Cli", ["audit", "verify", .. arguments]);

    private long Signatures() => Count($"intent WHERE subject LIKE '{Origin} %'");

    private long Count(string what)
    {
        using SqliteConnection journal = new($"Data Source={_signer.Path("home/journal.db")};Mode=ReadOnly;Pooling=False");
        return journal.ExecuteScalar<long>($"SELECT count(*) FROM {what}");
    }

    private Task<ProgramRun> OnlineAsync(TimeSpan ahead) => At.RunAsync(
        ahead, _signer.Environment, _signer.Path("bin/fota-signer"), "online", "--home", _signer.Home, "--once", "--server", _server.Address.ToString(), "--token-file", _server.Token, "--server-log", Origin, "--pin-file", _signer.Pin("online"));

    private async Task ShutOutAsync(string device)
    {
        ProgramRun run = await ProgramRun.OfAsync("Fota.Cli", "device", "revoke", device, "--reason", "lost", "--server", _server.Address.ToString(), "--server-ca", _signer.Path("home/ca/service-ca.pem"), "--token-file", _server.Token);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }
}
