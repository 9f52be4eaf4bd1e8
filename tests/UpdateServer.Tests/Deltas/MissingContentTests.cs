using System.Net;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>Content that goes from the disk while the server runs.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class MissingContentTests : IAsyncDisposable
{
    private readonly DeltaWorld _world = DeltaWorld.StartAsync().GetAwaiter().GetResult();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Test]
    public async Task A_pack_that_goes_while_another_one_is_made_is_made_again_by_the_same_run()
    {
        SampleRelease second = _world.AddSimilar("1.0.1", 2);
        _world.AddSimilar("1.1.0", 3);
        await _world.CheckInAsync("pump-1", _world.Old);
        await _world.CheckInAsync("pump-2", second);
        string[] published = [];
        int made = 0;
        TaskCompletionSource removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _world.Server.DeltaPackWritten = (_, _) =>
        {
            switch (++made)
            {
                case 1:
                    published = _world.Content();
                    break;
                case 2:
                    File.Delete(_world.PathOf(_world.Content().Except(published, StringComparer.Ordinal).Single()));
                    _world.Server.ForgetDeltaRuns();
                    removed.SetResult();
                    break;
            }
        };
        await _world.PublishAsync();
        await removed.Task;
        await _world.Server.DeltaRunAsync();
        Assert.That(made, Is.EqualTo(3));
        Assert.That(_world.Content(), Has.Length.EqualTo(published.Length + 2));
    }

    [Test]
    public async Task A_manifest_that_cannot_be_read_once_is_read_again()
    {
        SampleRelease next = _world.AddSimilar();
        await _world.PublishAsync();
        await _world.CheckInAsync("pump-1", _world.Old);
        await _world.PackAsync(next, "made");
        await _world.Server.StopAsync();
        byte[] envelope = _world.Server.Source.Repository.TargetFiles.Single(static f => f.Key.Contains("/1.1.0/", StringComparison.Ordinal)).Value;
        string manifest = _world.PathOf(Manifest.Sha256Digest.Of(envelope).ToString());
        File.Move(manifest, _world.Server.PathOf("aside"));
        await _world.Server.RestartAsync();
        for (int i = 0; i < 2; i++)
        {
            Assert.That(await _world.Server.PacksAsync(static _ => true), Is.Empty);
        }

        Assert.That(_world.Server.LogText.ToString().Split("so there are no delta packs for its release until it can: "), Has.Length.EqualTo(2), "one line");
        File.Move(_world.Server.PathOf("aside"), manifest);
        await _world.PackAsync(next, "made");
    }

    [Test]
    public async Task A_published_file_that_is_not_on_the_disk_is_not_found()
    {
        await _world.PublishAsync();
        await _world.CheckInAsync("pump-1", _world.Old);
        SampleRelease next = _world.AddSimilar();
        await _world.PublishAsync();
        string delta = (await _world.PackAsync(next, "made")).GetProperty("pack").GetString()!;
        foreach (string pack in (string[])[delta, Manifest.Sha256Digest.Of(next.Pack).ToString()])
        {
            File.Delete(_world.PathOf(pack));
            using HttpResponseMessage response = await _world.Server.Anonymous.GetAsync($"/repo/packs/{pack}");
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.NotFound, "NotFound");
            Assert.That(response.Headers.CacheControl?.ToString(), Is.EqualTo("no-cache"), "it may be there again in a moment");
        }
    }
}
