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
