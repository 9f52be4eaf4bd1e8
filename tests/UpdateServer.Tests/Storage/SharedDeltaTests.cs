using System.Net;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>Delta packs of two servers over one PostgreSQL.</summary>
public sealed class SharedDeltaTests
{
    [Test]
    public async Task A_delta_pack_is_made_by_one_server_and_offered_and_served_by_both()
    {
        await using ServerPair pair = await ServerPair.StartAsync(publish: false);
        int made = 0;
        pair.One.DeltaPackWritten = pair.Two.DeltaPackWritten = (_, _) => Interlocked.Increment(ref made);
        DeltaWorld world = DeltaWorld.On(pair.One);
        await world.PublishAsync();
        SimulatedDevice pump = await world.CheckInAsync("pump-0001", world.Old);
        SampleRelease similar = world.AddSimilar();
        await world.PublishAsync();
        await world.RollOutAsync("1.1.0");
        foreach (ServerUnderTest server in (ServerUnderTest[])[pair.One, pair.Two])
        {
            await server.HearsAsync(async () =>
            {
                await pump.At(server).CheckInAsync();
                return pump.Deltas.Count == 1;
            });
            using HttpResponseMessage pack = await server.Anonymous.GetAsync($"/repo/packs/{pump.Deltas[0].Pack}");
            Assert.That((pack.StatusCode, made), Is.EqualTo((HttpStatusCode.OK, 1)));
        }

        await world.UnpackAsync(pump.Deltas[0].Pack.ToString(), similar);
        Assert.That(await pair.AskAsync("SELECT count(*) FROM qrtz_scheduler_state"), Is.EqualTo(2), "both are there to do it");
    }
}
