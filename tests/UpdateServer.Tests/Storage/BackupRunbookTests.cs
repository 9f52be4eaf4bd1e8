using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage.Sqlite;
using Fota.UpdateServer.Tests.Support;
using Npgsql;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>docs/runbooks/backup.md: its commands are run as they stand there, between a server that goes on meanwhile and one that was lost.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BackupRunbookTests : IAsyncDisposable
{
    private const int Cap = 2;

    /// <summary>The place of each kind of commands in the runbook.</summary>
    private const int BackUpSqlite = 0, BackUpPostgres = 1, RestoreSqlite = 2, RestorePostgres = 3;

    private static readonly string[] s_kept = ["/api/v1/releases", "/api/v1/operators", "/api/v1/devices", "/api/v1/rollouts/r1/decisions"];

    private readonly DirectoryInfo _backup = Directory.CreateTempSubdirectory("fota-backup-"), _content = Directory.CreateTempSubdirectory("fota-content-");
    private readonly SampleRelease _release = SampleRelease.Create();
    private ServerUnderTest _server = null!;
    private PostgresServer? _postgres;
    private DatabaseSettings? _database;
    private SimulatedDevice[] _pumps = null!;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _backup.Delete(recursive: true);
        _content.Delete(recursive: true);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A48_Runbook_on_backup_and_restore_does_what_it_says(bool postgres)
    {
        await StartAsync(postgres);
        string id = await RollOutAsync();
        SimulatedDevice[] granted = await AllAskAsync();
        Assert.That(granted, Has.Length.EqualTo(Cap));
        await DoAsync(postgres ? BackUpPostgres : BackUpSqlite);
        string[] before = await PictureAsync();
        string token = _server.Token;

        // What the backup does not know: two are done, one did not begin, one tries the release.
        await ConfirmAsync(granted[0], id);
        await ConfirmAsync(granted[1], id);
        SimulatedDevice[] later = await AllAskAsync();
        Assert.That(later, Has.Length.EqualTo(Cap));
        byte[] heard = later[1].Sign(later[1].Report(ReportState.Activated, $"{id}-{later[1].Name}", PublicationSource.DigestOf(_release)));
        using (HttpResponseMessage taken = await later[1].PostAsync(heard))
        {
            Assert.That(taken.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        await AddAsync("late");
        await _server.StopAsync();
        await DoAsync(postgres ? RestorePostgres : RestoreSqlite);
        await File.WriteAllTextAsync(_server.PathOf("data/bootstrap-token"), token); // where the client of these tests looks for it
        await RestartAsync(paused: true);

        string[] after = await PictureAsync();
        Assert.That(after[..3], Is.EqualTo(before[..3]));
        Assert.That(after[3], Does.Contain("server paused it").And.StartWith(before[3][..^1]), "and every decision of before");
        using HttpClient anyone = _server.Client(null);
        foreach ((string path, byte[] bytes) in _server.Source.Bundle().Where(static f => !f.Key.StartsWith("metadata/", StringComparison.Ordinal) || f.Key == "metadata/timestamp.json"))
        {
            Assert.That(await anyone.GetByteArrayAsync($"/repo/{path}"), Is.EqualTo(bytes), path);
        }

        await ComesToAnEndWithinTheCapAsync(id, granted, later, heard);
    }

    [Test]
    public async Task A48_A_rollout_that_was_completed_after_the_backup_ends_again_and_nothing_is_installed_for_it()
    {
        await StartAsync(postgres: false);
        string id = await RollOutAsync();
        await AllAskAsync();
        await DoAsync(BackUpSqlite);
        string token = _server.Token;
        await FinishAsync(id);
        Assert.That(await StateAsync(id), Is.EqualTo("completed"));
        await _server.StopAsync();
        await DoAsync(RestoreSqlite);
        await File.WriteAllTextAsync(_server.PathOf("data/bootstrap-token"), token);
        await RestartAsync(paused: true);
        Assert.That(await StateAsync(id), Is.EqualTo("paused"));
        await AllAskAsync();
        await _server.PostAsync($"/api/v1/rollouts/{id}/resume");
        int installed = await FinishAsync(id);
        Assert.That((await StateAsync(id), installed), Is.EqualTo(("completed", 0)));
    }

    [Test]
    public async Task A_backup_replaces_no_other_and_is_made_of_no_server_that_is_not_there()
    {
        await StartAsync(postgres: false);
        string output = Path.Combine(_backup.FullName, "server.db");
        File.WriteAllText(output, "another");
        Assert.That(
            () => SqliteBackup.Make(_server.Settings, output),
            Throws.TypeOf<ConfigurationException>().With.Message.EqualTo($"--out: wanted a file that is not there yet, got {output}: a backup replaces no other"));
        Assert.That(File.ReadAllText(output), Is.EqualTo("another"));
        await _server.StopAsync();
        File.Delete(output);
        File.Move(_server.PathOf("data/server.db"), _server.PathOf("aside"));
        Assert.That(
            () => SqliteBackup.Make(_server.Settings, output),
            Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo($"data: wanted a server's folder with {_server.PathOf("data/server.db")}, got none"));
        Assert.That(_backup.EnumerateFileSystemInfos(), Is.Empty);
    }

    [Test]
    public async Task A_backup_of_a_damaged_database_is_not_made()
    {
        await StartAsync(postgres: false);
        await _server.StopAsync();
        File.WriteAllText(_server.PathOf("data/server.db"), new string('x', 8192));
        Assert.That(() => SqliteBackup.Make(_server.Settings, Path.Combine(_backup.FullName, "server.db")), Throws.TypeOf<IOException>().With.Message.Contains("it cannot be copied").And.Message.Contains("file is not a database"));
        Assert.That(_backup.EnumerateFileSystemInfos(), Is.Empty);
    }

    /// <summary>Steps 5 and 6 of the runbook.</summary>
    private async Task ComesToAnEndWithinTheCapAsync(string id, SimulatedDevice[] granted, SimulatedDevice[] later, byte[] heard)
    {
        Assert.That(await later[0].CheckInAsync(), Is.Null, "it gives up what it was granted");
        Assert.That(await later[1].CheckInAsync(ReportState.Activated, $"{id}-{later[1].Name}", PublicationSource.DigestOf(_release)), Is.Null);
        using (HttpResponseMessage old = await later[1].PostAsync(heard))
        {
            Assert.That(CheckInAnswer.Decode(await old.Content.ReadAsByteArrayAsync()).OrThrow().Assignment, Is.Null);
        }

        foreach (SimulatedDevice pump in _pumps.Except(later))
        {
            Assert.That(await pump.CheckInAsync() is not null, Is.EqualTo(granted.Contains(pump)), $"{pump.Name}: nobody else is granted anything");
        }

        foreach (SimulatedDevice pump in granted)
        {
            await ConfirmAsync(pump, id); // "runs already"
        }

        await ConfirmAsync(later[1], id);
        await _server.PostAsync($"/api/v1/rollouts/{id}/resume");
        while (await StateAsync(id) == "running")
        {
            SimulatedDevice[] asked = await AllAskAsync();
            Assert.That(asked, Has.Length.InRange(1, Cap));
            foreach (SimulatedDevice pump in asked)
            {
                await ConfirmAsync(pump, id);
            }
        }

        Assert.That(await StateAsync(id), Is.EqualTo("completed"));
    }

    /// <summary>Brings a rollout to its end; gives how many devices installed something for it.</summary>
    private async Task<int> FinishAsync(string id)
    {
        int installed = 0;
        while (await StateAsync(id) == "running")
        {
            foreach (SimulatedDevice pump in await AllAskAsync())
            {
                installed += pump.Running == PublicationSource.DigestOf(_release) ? 0 : 1;
                await ConfirmAsync(pump, id);
            }
        }

        return installed;
    }

    private async Task StartAsync(bool postgres)
    {
        PublicationSource source = new();
        source.Add(_release);
        if (postgres)
        {
            _postgres = await PostgresServer.SharedAsync;
            _database = new DatabaseSettings { Connection = await _postgres.CreateDatabaseAsync(), ContentDirectory = _content.FullName };
        }

        _server = await ServerUnderTest.StartAsync(source);
        await File.WriteAllTextAsync(_server.PathOf("server.json"), """
            {"layout":"development","listen":"127.0.0.1:0","data":"data","trustedRoot":"root.json","deviceCa":"device-ca.pem","tls":{"certificate":"server.pem","unsafeKeyFile":"server.key"}}
            """);
        if (postgres)
        {
            await RestartAsync();
        }

        using HttpResponseMessage published = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        await AddAsync("ann");
        _pumps = [.. Enumerable.Range(1, 6).Select(i => new SimulatedDevice(_server, $"pump-{i}"))];
        await AllAskAsync();
    }

    private async Task AddAsync(string person)
    {
        using HttpResponseMessage added = await _server.Operator.PutAsJsonAsync($"/api/v1/operators/{person}", new { grants = new[] { new { role = "viewer" } } });
        Assert.That(added.IsSuccessStatusCode, await added.Content.ReadAsStringAsync());
    }

    private async Task RestartAsync(bool paused = false)
    {
        await _server.RestartAsync(change: s => s with { Database = _database, PauseRollouts = paused });
        foreach (SimulatedDevice pump in _pumps ?? [])
        {
            pump.Reconnect();
        }
    }

    private async Task<string> RollOutAsync()
    {
        object plan = new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all", cap = Cap } }, abort_after_failures = 3, timeout_minutes = 600 };
        string id = (await _server.PostAsync("/api/v1/rollouts", plan, HttpStatusCode.Created)).GetProperty("id").GetString()!;
        await _server.PostAsync($"/api/v1/rollouts/{id}/start");
        return id;
    }

    /// <summary>Those that are asked to install something.</summary>
    private async Task<SimulatedDevice[]> AllAskAsync()
    {
        List<SimulatedDevice> asked = [];
        foreach (SimulatedDevice pump in _pumps)
        {
            if (await pump.CheckInAsync() is not null)
            {
                asked.Add(pump);
            }
        }

        return [.. asked];
    }

    private async Task ConfirmAsync(SimulatedDevice pump, string id)
    {
        pump.Running = PublicationSource.DigestOf(_release);
        await pump.CheckInAsync(ReportState.Confirmed, $"{id}-{pump.Name}");
    }

    private async Task<string> StateAsync(string id) => (await _server.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("state").GetString()!;

    private async Task<string[]> PictureAsync()
    {
        List<string> picture = [];
        foreach (string path in s_kept)
        {
            JsonElement answer = await _server.GetAsync(path);
            picture.Add(answer.GetRawText());
        }

        return [.. picture];
    }

    /// <summary>Runs a block of the runbook, and holds what it prints against the block after it.</summary>
    private async Task DoAsync(int block)
    {
        string text = await File.ReadAllTextAsync(RepositoryRoot.Path("docs", "runbooks", "backup.md"));
        MatchCollection blocks = Regex.Matches(text, "```sh\n(?<commands>.*?)```\n```text\n(?<printed>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
        Assert.That(blocks, Has.Count.EqualTo(4));
        (int code, string output, string error) = await BashAsync(blocks[block].Groups["commands"].Value);
        Assert.That((code, error), Is.EqualTo((0, "")), output);
        Assert.That(output, Does.Match($"^{Regex.Escape(blocks[block].Groups["printed"].Value).Replace("…", "[^\n]+", StringComparison.Ordinal)}$"));
    }

    private async Task<(int Code, string Output, string Error)> BashAsync(string commands)
    {
        NpgsqlConnectionStringBuilder? database = _database is null ? null : new(_database.Connection);
        string programs = $"fota-server() {{ dotnet '{typeof(FotaServer).Assembly.Location}' \"$@\"; }}\nPATH={PostgresServer.Programs}:$PATH\n";
        ProcessStartInfo start = new("/bin/bash", ["-c", $"set -euo pipefail\n{programs}{commands}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["S"] = _server.PathOf("."), ["B"] = _backup.FullName, ["C"] = _content.FullName, ["DB"] = database?.Database, ["PGHOST"] = database?.Host, ["PGUSER"] = database?.Username },
        };
        NpgsqlConnection.ClearAllPools();
        using Process bash = Process.Start(start)!;
        Task<string> error = bash.StandardError.ReadToEndAsync();
        string output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return (bash.ExitCode, output, await error);
    }
}
