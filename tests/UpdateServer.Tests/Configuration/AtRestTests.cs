using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fota.Interop.Posix;
using Fota.TestKit;
using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Configuration;

/// <summary>Keys of data at rest: what they seal, and how a server comes by them.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AtRestTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly StoredPlace s_place = new("rollouts", "member_key", "1");
    private static readonly AtRestKeys s_keys = new([Encoding.ASCII.GetBytes("of 32 bytes, which are as random")]);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-at-rest-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Test]
    public void The_same_value_is_sealed_another_way_each_time_and_opened_as_it_was()
    {
        byte[] one = s_keys.Seal("a secret"u8, s_place), two = s_keys.Seal("a secret"u8, s_place);
        Assert.That(one, Has.Length.EqualTo("a secret".Length + AtRestKeys.Overhead).And.Not.EqualTo(two));
        Assert.That(new[] { one, two }.Select(v => Encoding.ASCII.GetString(s_keys.Open(v, s_place))), Is.All.EqualTo("a secret"));
    }

    [TestCase("people", "member_key", "1")]
    [TestCase("rollouts", "plan", "1")]
    [TestCase("rollouts", "member_key", "2")]
    public void A_sealed_value_is_good_in_its_own_place_alone(string table, string column, string row)
    {
        byte[] value = s_keys.Seal("a secret"u8, s_place);
        Assert.That(() => s_keys.Open(value, new StoredPlace(table, column, row)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("changed or moved"));
    }

    [Test]
    public void A_sealed_value_with_any_bit_changed_or_cut_off_is_refused()
    {
        byte[] value = s_keys.Seal("a secret"u8, s_place);
        for (int i = 0; i < value.Length; i++)
        {
            byte[] changed = [.. value];
            changed[i] ^= 0x10;
            Assert.That(() => s_keys.Open(changed, s_place), Throws.InstanceOf(i is >= 1 and <= 8 ? typeof(StoreUnavailableException) : typeof(InvalidDataException)), $"byte {i}");
            Assert.That(() => s_keys.Open(value.AsSpan(0, i), s_place), Throws.TypeOf<InvalidDataException>(), $"{i} bytes");
        }
    }

    [Test]
    public void A_key_file_is_taken_to_the_last_byte()
    {
        string file = Write("a", [.. Enumerable.Repeat((byte)'\r', AtRestKeys.KeySize - 1), (byte)'\n']);
        Assert.That(AtRestKeys.Read([file]).Seals);
    }

    [TestCase(31)]
    [TestCase(33)]
    [TestCase(64)]
    public void A_key_of_another_size_is_refused(int size)
    {
        string file = Write("a", new byte[size]);
        Assert.That(() => AtRestKeys.Read([file]), Throws.TypeOf<ConfigurationException>().With.Message.EqualTo($"atRest.keys: wanted 32 bytes in {file}, got another number"));
    }

    [Test]
    public void A_key_that_others_may_read_or_that_is_there_twice_is_refused()
    {
        string one = Write("a", new byte[32]), two = Write("b", new byte[32]);
        Assert.That(() => AtRestKeys.Read([one, two]), Throws.TypeOf<ConfigurationException>().With.Message.EqualTo("atRest.keys: wanted keys that differ, got one twice"));
        File.SetUnixFileMode(one, OwnerOnly | UnixFileMode.GroupRead);
        Assert.That(() => AtRestKeys.Read([one]), Throws.TypeOf<PrivateFileException>().With.Message.Contains("wanted mode 0600, got 0640"));
    }

    [Test]
    public async Task A_server_goes_on_with_the_same_devices_once_it_seals_and_does_not_start_without_its_key_any_more()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        server.Source.Add(SampleRelease.Create());
        using (HttpResponseMessage published = await server.PublishAsync())
        {
            await ServerUnderTest.ReadAsync(published, HttpStatusCode.OK);
        }

        SimulatedDevice[] pumps = [.. Enumerable.Range(1, 4).Select(i => new SimulatedDevice(server, $"pump-{i}"))];
        await AskAsync(pumps);
        JsonElement rollout = await server.PostAsync("/api/v1/rollouts", new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "canary", count = 2 }, new { name = "rest" } }, abort_after_failures = 1 }, HttpStatusCode.Created);
        await server.PostAsync($"/api/v1/rollouts/{rollout.GetProperty("id").GetString()}/start");
        string[] canary = await AskAsync(pumps);
        byte[] key = await KeyAsync(server.PathOf("data/server.db"));

        string file = Write("key", [.. Enumerable.Range(1, 32).Select(static i => (byte)i)]);
        await server.RestartAsync(change: s => s with { AtRestKeyFiles = [file] });
        Assert.That(await AskAsync(pumps), Is.EqualTo(canary));
        await server.StopAsync();
        byte[] stored = await File.ReadAllBytesAsync(server.PathOf("data/server.db"));
        Assert.That(stored.AsSpan().IndexOf(key), Is.EqualTo(-1), "not in what was freed either");
        Assert.That(File.Exists(server.PathOf("data/server.db-wal")), Is.False);
        Assert.That(async () => await server.RestartAsync(), Throws.TypeOf<StoreUnavailableException>().With.Message.Match("^atRest.keys: wanted key [0-9a-f]{16}, which sealed rollouts.member_key of 1, got none$"));
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Assert.That(await File.ReadAllBytesAsync(server.PathOf("data/server.db")), Is.EqualTo(stored));
        Assert.That(server.LogText.ToString(), Does.Not.Contain("atRest"), "development");
    }

    [Test]
    public void Every_table_that_a_migration_makes_is_in_the_document_on_data_at_rest()
    {
        string document = File.ReadAllText(RepositoryRoot.Path("docs", "data-at-rest.md"));
        string scripts = string.Concat(Directory.EnumerateFiles(RepositoryRoot.Path("src", "UpdateServer", "Storage"), "*.sql", SearchOption.AllDirectories).Select(File.ReadAllText));
        string[] tables = [.. Regex.Matches(scripts, "CREATE TABLE (?<name>[a-z_]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).Select(static m => m.Groups["name"].Value)
            .Where(name => !scripts.Contains($"ALTER TABLE {name} RENAME TO", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];
        Assert.That(tables, Has.Length.GreaterThan(20));
        Assert.That(tables.Where(name => !document.Contains($"`{name}`", StringComparison.Ordinal) && !document.Contains($"`{name}.", StringComparison.Ordinal)), Is.Empty);
    }

    private static async Task<byte[]> KeyAsync(string database)
    {
        await using Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={database};Pooling=false");
        await connection.OpenAsync();
        await using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT member_key FROM rollouts";
        return (byte[])(await command.ExecuteScalarAsync())!;
    }

    private static async Task<string[]> AskAsync(SimulatedDevice[] pumps)
    {
        List<string> asked = [];
        foreach (SimulatedDevice pump in pumps)
        {
            pump.Reconnect();
            if (await pump.CheckInAsync() is not null)
            {
                asked.Add(pump.Name);
            }
        }

        return [.. asked];
    }

    private string Write(string name, byte[] key)
    {
        string file = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(file, key);
        File.SetUnixFileMode(file, OwnerOnly);
        return file;
    }
}
