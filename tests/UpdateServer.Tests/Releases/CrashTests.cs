using System.Net;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Tests.Releases;

/// <summary>The server dies between what it receives and what it commits.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CrashTests : IAsyncDisposable
{
    private ServerUnderTest _server = null!;

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    public async Task A48_A_crash_before_the_commit_leaves_the_old_publication_whole()
    {
        // What the disk holds at the moment before the commit is what a crash there leaves: a second server starts from that picture.
        Action? crash = null;
        _server = await ServerUnderTest.StartAsync(beforeCommit: () => crash?.Invoke());
        SampleRelease first = await PublishAsync("1.1.0", 2);
        byte[] timestamp = await _server.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json");
        crash = () => FolderPicture.Take(_server.PathOf("data"), _server.PathOf("crashed"));
        SampleRelease second = await PublishAsync("1.2.0", 3);
        crash = null;

        Assert.That(Directory.EnumerateFileSystemEntries(_server.PathOf("crashed/staging")), Is.Not.Empty, "the picture has to be of the middle");
        await _server.RestartAsync(data: "crashed");
        Assert.That(await VersionsAsync(), Is.EqualTo("1.1.0"));
        Assert.That(await _server.Anonymous.GetByteArrayAsync("/repo/metadata/timestamp.json"), Is.EqualTo(timestamp));
        Assert.That(await _server.Anonymous.GetByteArrayAsync($"/repo/{first.Described.PackUri}"), Is.EqualTo(first.Pack));
        using HttpResponseMessage half = await _server.Anonymous.GetAsync($"/repo/{second.Described.PackUri}");
        Assert.That(half.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(Directory.EnumerateFileSystemEntries(_server.PathOf("crashed/staging")), Is.Empty);

        // And the signer can simply send it again.
        using HttpResponseMessage again = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(again, HttpStatusCode.OK);
        Assert.That(await VersionsAsync(), Is.EqualTo("1.1.0, 1.2.0"));
        Assert.That(await _server.Anonymous.GetByteArrayAsync($"/repo/{second.Described.PackUri}"), Is.EqualTo(second.Pack));
    }

    [Test]
    public async Task A49_A_failure_before_the_commit_is_a_clear_error_and_changes_nothing()
    {
        bool fails = false;
        _server = await ServerUnderTest.StartAsync(beforeCommit: () =>
        {
            if (fails)
            {
                throw new IOException("No space left\non device");
            }
        });
        await PublishAsync("1.1.0", 2);
        fails = true;
        _server.Source.Add(SampleRelease.Create("1.2.0", 3));
        using HttpResponseMessage refused = await _server.PublishAsync();
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.InternalServerError, "InternalError");
        Assert.That(await VersionsAsync(), Is.EqualTo("1.1.0"));
        Assert.That(_server.LogText.ToString(), Does.Contain("POST /api/v1/publications failed: IOException: No space left on device").And.Not.Contain("   at "));
        fails = false;
        using HttpResponseMessage again = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(again, HttpStatusCode.OK);
    }

    [Test]
    public async Task A48_What_was_published_is_served_after_a_restart()
    {
        _server = await ServerUnderTest.StartAsync();
        SampleRelease release = await PublishAsync("1.1.0", 2);
        await _server.RestartAsync();
        Assert.That(await VersionsAsync(), Is.EqualTo("1.1.0"));
        Assert.That(await _server.Anonymous.GetByteArrayAsync($"/repo/{release.Described.PackUri}"), Is.EqualTo(release.Pack));
    }

    [Test]
    public async Task Two_servers_do_not_share_a_folder()
    {
        _server = await ServerUnderTest.StartAsync();
        Assert.That(
            async () => await FotaServer.StartAsync(_server.Settings, _server.Clock),
            Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("data: wanted"));
    }

    [Test]
    public async Task A_database_of_a_newer_program_is_refused()
    {
        _server = await ServerUnderTest.StartAsync();
        await _server.StopAsync();
        await using (SqliteConnection connection = new($"Data Source={_server.PathOf("data/server.db")}"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 999";
            command.ExecuteNonQuery();
        }

        Assert.That(async () => await _server.RestartAsync(), Throws.TypeOf<InvalidDataException>().With.Message.Contains("a newer program made it"));
    }

    private async Task<SampleRelease> PublishAsync(string version, ulong sequence)
    {
        SampleRelease release = _server.Source.Add(SampleRelease.Create(version, sequence));
        using HttpResponseMessage response = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        return release;
    }

    private async Task<string> VersionsAsync() => string.Join(", ", (await _server.GetAsync("/api/v1/releases")).EnumerateArray().Select(static r => r.GetProperty("version").GetString()!).Order(StringComparer.Ordinal));
}
