using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer.Storage.Sqlite;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>How delta packs are made, and what is left when they cannot be.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class MakingTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly DeltaWorld _world = DeltaWorld.StartAsync().GetAwaiter().GetResult();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Test]
    public async Task What_helps_most_devices_is_made_first()
    {
        // Two devices run the image that would be second by name.
        SampleRelease[] bases = [.. new[] { _world.Old, _world.AddSimilar("1.0.1", 2) }.OrderBy(static r => r.Described.ImageDigest.ToString(), StringComparer.Ordinal)];
        SampleRelease newest = _world.AddSimilar("1.1.0", 3);
        await _world.CheckInAsync("pump-1", bases[1]);
        await _world.CheckInAsync("pump-2", bases[0]);
        await _world.CheckInAsync("pump-3", bases[1]);
        await _world.PublishAsync();
        JsonElement[] packs = await _world.Server.PacksAsync(static packs => packs.Length == 2 && packs.All(static p => p.GetProperty("state").GetString() == "made"));
        Assert.That(packs.Select(static p => p.GetProperty("devices").GetInt32()), Is.EqualTo(new[] { 2, 1 }));
        string log = _world.Server.LogText.ToString();
        int[] made = [.. bases.Select(b => log.IndexOf($"Delta pack {b.Described.ImageDigest} -> {newest.Described.ImageDigest}: Made", StringComparison.Ordinal))];
        Assert.That(made[0], Is.GreaterThan(made[1]));
        Assert.That(made[1], Is.Positive);
    }

    [Test]
    public async Task A_draft_has_its_packs_before_it_starts()
    {
        SampleRelease middle = _world.AddSimilar("1.1.0", 2);
        _world.AddSimilar("1.2.0", 3);
        await _world.PublishAsync();
        await _world.CheckInAsync("pump-1", _world.Old);
        Assert.That(await _world.Server.PacksAsync(static packs => packs.Length > 0), Has.Length.EqualTo(1), "only the newest release is worth it by itself");
        object plan = new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 };
        await _world.Server.PostAsync("/api/v1/rollouts", plan, System.Net.HttpStatusCode.Created);
        await _world.PackAsync(middle, "made");
    }

    [Test]
    public async Task Nothing_is_made_for_devices_that_would_refuse_the_release_as_a_rollback()
    {
        SampleRelease middle = _world.AddSimilar("1.1.0", 2);
        SampleRelease newest = _world.AddSimilar("1.2.0", 3);
        await _world.PublishAsync();
        await _world.CheckInAsync("pump-1", newest);
        await _world.CheckInAsync("pump-2", middle);
        object plan = new { product = "infusion-pump", version = "1.1.0", stages = new object[] { new { name = "all" } }, abort_after_failures = 1 };
        await _world.Server.PostAsync("/api/v1/rollouts", plan, System.Net.HttpStatusCode.Created);
        JsonElement wanted = (await _world.Server.PacksAsync(static _ => true)).Single();
        Assert.That((wanted.GetProperty("base_version").GetString(), wanted.GetProperty("version").GetString()), Is.EqualTo(("1.1.0", "1.2.0")));
    }

    [Test]
    public async Task A_pack_that_saves_too_little_is_thrown_away_and_not_made_again()
    {
        SampleRelease other = _world.Server.Source.Add(SampleRelease.Create("1.1.0", 2, image: SampleRelease.ImageOf("1.1.0", DeltaWorld.ImageSize)));
        await _world.PublishAsync();
        string[] published = _world.Content();
        SimulatedDevice pump = await _world.CheckInAsync("pump-1", _world.Old);
        JsonElement pack = await _world.PackAsync(other, "not_worth_it");
        Assert.That(pack.GetProperty("pack").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(pack.GetProperty("size").GetInt64(), Is.GreaterThanOrEqualTo(other.Pack.Length * 9 / 10));
        Assert.That(_world.Content(), Is.EqualTo(published));
        await _world.RollOutAsync("1.1.0");
        Assert.That(await pump.CheckInAsync(), Is.Not.Null);
        Assert.That(pump.Deltas, Is.Empty);
        bool again = false;
        _world.Server.DeltaPackWritten = (_, _) => again = true;
        await _world.Server.RestartAsync();
        await _world.Server.DeltaRunAsync();
        Assert.That(again, Is.False);
    }

    [Test]
    public async Task A_pack_that_does_not_make_the_image_is_never_offered_and_tried_three_times_more()
    {
        int written = 0;
        int Failures() => new SqliteDeltaStore(new SqliteDatabase(_world.Server.PathOf("data/server.db"))).Load().Single().Failures;
        _world.Server.DeltaPackWritten = (pack, _) =>
        {
            written++;
            pack.Position = pack.Length - 1;
            int last = pack.ReadByte();
            pack.Position = pack.Length - 1;
            pack.WriteByte((byte)(last ^ 1));
        };
        SampleRelease next = _world.AddSimilar();
        await _world.PublishAsync();
        string[] published = _world.Content();
        SimulatedDevice pump = await _world.CheckInAsync("pump-1", _world.Old);
        JsonElement failed = await _world.PackAsync(next, "failed");
        Assert.That(failed.GetProperty("detail").GetString(), Does.StartWith("ChunkMismatch").Or.StartsWith("FrameInvalid"));
        await _world.RollOutAsync("1.1.0");
        Assert.That(await pump.CheckInAsync(), Is.Not.Null);
        Assert.That(pump.Deltas, Is.Empty);
        // A stop may interrupt a run between the writing of a pack and the proof of it: such a one has not failed.
        for (int i = 0; i < 12 && Failures() < 4; i++)
        {
            await _world.Server.RestartAsync();
            await _world.Server.DeltaRunAsync();
        }

        Assert.That(Failures(), Is.EqualTo(4));
        int tried = written;
        for (int i = 0; i < 2; i++)
        {
            await _world.Server.RestartAsync();
            await _world.Server.DeltaRunAsync();
        }

        Assert.That((Failures(), written), Is.EqualTo((4, tried)), "not once more");
        Assert.That(_world.Content(), Is.EqualTo(published));
    }

    [Test]
    public async Task However_often_the_machine_fails_the_pack_waits_and_is_made_by_a_later_run()
    {
        SampleRelease next = _world.AddSimilar();
        int failed = 0;
        _world.Server.DeltaPackWritten = (_, _) =>
        {
            failed++;
            throw new IOException("No space left\non device");
        };
        await _world.PublishAsync();
        await _world.CheckInAsync("pump-1", _world.Old);
        for (int i = 0; i < 5; i++)
        {
            await _world.Server.RestartAsync();
            await _world.Server.DeltaRunAsync();
        }

        JsonElement waiting = await _world.PackAsync(next, "waiting");
        Assert.That(waiting.GetProperty("detail").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(failed, Is.GreaterThanOrEqualTo(5));
        Assert.That(_world.Server.LogText.ToString(), Does.Contain($"{next.Described.ImageDigest} cannot be made now, and is tried again by the next run: IOException: No space left on device"));
        _world.Server.DeltaPackWritten = null;
        await _world.Server.RestartAsync();
        await _world.PackAsync(next, "made");
    }

    [Test]
    public async Task Nothing_is_staged_until_there_is_room_for_three_times_both_images()
    {
        SampleRelease next = _world.AddSimilar();
        const long Wanted = 3 * 2 * DeltaWorld.ImageSize;
        bool begun = false;
        _world.Server.DeltaPackWritten = (_, _) => begun = true;
        _world.Server.FreeSpace = Wanted - 1;
        await _world.PublishAsync();
        await _world.CheckInAsync("pump-1", _world.Old);
        await _world.Server.RestartAsync();
        await _world.Server.DeltaRunAsync();
        await _world.PackAsync(next, "waiting");
        Assert.That(begun, Is.False);
        Assert.That(_world.Server.LogText.ToString(), Does.Contain($"IOException: data folder: wanted {Wanted} bytes free, got {Wanted - 1}"));
        _world.Server.FreeSpace = Wanted;
        await _world.Server.RestartAsync();
        await _world.PackAsync(next, "made");
    }

    [Test]
    public async Task A48_A_server_that_stops_while_it_makes_a_pack_leaves_nothing_and_makes_it_after_the_next_start()
    {
        SampleRelease next = _world.AddSimilar();
        await _world.PublishAsync();
        string[] published = _world.Content();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool stopped = false;
        _world.Server.DeltaPackWritten = (_, stop) =>
        {
            begun.TrySetResult();
            stopped = stop.WaitHandle.WaitOne(s_patience);
        };
        await _world.CheckInAsync("pump-1", _world.Old);
        await begun.Task.WaitAsync(s_patience);
        await _world.Server.StopAsync();
        Assert.That(stopped, "it is told to stop, and waited for");
        Assert.That(_world.Content(), Is.EqualTo(published));
        Assert.That(Directory.EnumerateFileSystemEntries(_world.Server.PathOf("data/staging")), Is.Empty);
        TaskCompletionSource<bool> goOn = new();
        _world.Server.DeltaPackWritten = (_, stop) => goOn.Task.WaitAsync(s_patience, stop).GetAwaiter().GetResult();
        await _world.Server.RestartAsync();
        await _world.PackAsync(next, "waiting");
        goOn.SetResult(true);
        string? pack = (await _world.PackAsync(next, "made")).GetProperty("pack").GetString();
        Assert.That(await _world.UnpackAsync(pack, next), Is.EqualTo(next.Described.ImageDigest));
    }

    [Test]
    public async Task A48_A_crash_while_a_pack_is_made_leaves_nothing_and_the_next_start_makes_it()
    {
        SampleRelease next = _world.AddSimilar();
        await _world.PublishAsync();
        _world.Server.DeltaPackWritten = (_, _) => FolderPicture.Take(_world.Server.PathOf("data"), _world.Server.PathOf("crashed"));
        await _world.CheckInAsync("pump-1", _world.Old);
        await _world.PackAsync(next, "made");
        Assert.That(Directory.EnumerateFileSystemEntries(_world.Server.PathOf("crashed/staging")), Is.Not.Empty, "the picture has to be of the middle");
        int made = 0;
        _world.Server.DeltaPackWritten = (_, _) => made++;
        await _world.Server.RestartAsync(data: "crashed");
        string? pack = (await _world.PackAsync(next, "made")).GetProperty("pack").GetString();
        Assert.That(made, Is.EqualTo(1));
        Assert.That(await _world.UnpackAsync(pack, next), Is.EqualTo(next.Described.ImageDigest));
        await _world.Server.StopAsync();
        Assert.That(Directory.EnumerateFileSystemEntries(_world.Server.PathOf("crashed/staging")), Is.Empty);
    }

    [Test]
    public async Task A_pack_that_vanished_from_the_store_is_neither_offered_nor_served_until_it_is_made_again()
    {
        SampleRelease next = _world.AddSimilar();
        await _world.PublishAsync();
        SimulatedDevice pump = await _world.CheckInAsync("pump-1", _world.Old);
        string pack = (await _world.PackAsync(next, "made")).GetProperty("pack").GetString()!;
        await _world.RollOutAsync("1.1.0");
        await _world.Server.StopAsync();
        File.Delete(_world.Server.PathOf($"data/content/{pack[..2]}/{pack}"));
        TaskCompletionSource goOn = new();
        _world.Server.DeltaPackWritten = (_, stop) => goOn.Task.WaitAsync(s_patience, stop).GetAwaiter().GetResult();
        await _world.Server.RestartAsync();
        pump.Reconnect();
        Assert.That(await pump.CheckInAsync(), Is.Not.Null);
        Assert.That(pump.Deltas, Is.Empty);
        using HttpResponseMessage gone = await _world.Server.Anonymous.GetAsync($"/repo/packs/{pack}");
        await ServerUnderTest.IsRefusedAsync(gone, System.Net.HttpStatusCode.NotFound, "NotFound");
        goOn.SetResult();
        await _world.PackAsync(next, "made");
        await pump.CheckInAsync();
        Assert.That(pump.Deltas.Single().Pack.ToString(), Is.EqualTo(pack), "the same images give the same pack");
    }

    [Test]
    public async Task What_lies_in_the_store_under_a_packs_name_is_not_taken_for_it()
    {
        SampleRelease next = _world.AddSimilar();
        await _world.PublishAsync();
        _world.Server.DeltaPackWritten = (pack, _) =>
        {
            using FileStream copy = new(pack.Name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            pack.Flush();
            string name = Manifest.Sha256Digest.Of(copy).ToString();
            Directory.CreateDirectory(_world.Server.PathOf($"data/content/{name[..2]}"));
            File.WriteAllBytes(_world.Server.PathOf($"data/content/{name[..2]}/{name}"), [1, 2, 3]);
        };
        await _world.CheckInAsync("pump-1", _world.Old);
        Assert.That((await _world.PackAsync(next, "failed")).GetProperty("detail").GetString(), Does.EndWith("the stored file does not have the digest of its name"));
    }
}
