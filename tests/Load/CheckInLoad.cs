using System.Net;
using Fota.TestKit;

namespace Fota.Load;

/// <summary>Check-ins that change nothing, over mutual TLS: on kept-alive connections, on new ones, on ones that take up an earlier session, and on kept-alive ones while a rollout of the product is under way (each report is verified then).</summary>
internal static class CheckInLoad
{
    private const int Devices = 64, KeptAlive = 1500, InRollout = 300, Connections = 40;

    public static async Task<int> RunAsync()
    {
        using LoadSite site = new();
        LoadDevice[] devices = [.. Enumerable.Range(0, Devices).Select(i => new LoadDevice(site, $"pump-{i:0000}"))];
        await using MeasuredServer fota = await site.StartFotaAsync(), bare = await site.StartBareAsync();
        bool isMet = await Comparison.RunAsync("kept-alive check-ins", () => Prepare(KeptAlive), () => KeepAsync(fota.Address, KeptAlive), () => KeepAsync(bare.Address, KeptAlive), 0.6);
        isMet &= await Comparison.RunAsync("new connections", () => Prepare(Connections), () => ReconnectAsync(fota.Address, resume: false), () => ReconnectAsync(bare.Address, resume: false), 0.85);
        isMet &= await Comparison.RunAsync("resumed connections", () => Prepare(Connections), () => ReconnectAsync(fota.Address, resume: true), () => ReconnectAsync(bare.Address, resume: true), null);
        site.Source.Add(SampleRelease.Create());
        await site.PublishAsync(fota.Address);
        await site.BeginRolloutAsync(fota.Address);
        isMet &= await Comparison.RunAsync("kept-alive, rollout under way", () => Prepare(InRollout), () => KeepAsync(fota.Address, InRollout), () => KeepAsync(bare.Address, InRollout), null);
        return isMet ? 0 : 1;

        Task<int> KeepAsync(IPEndPoint server, int each) => AllAsync(each, async device =>
        {
            await using LoadConnection connection = await device.ConnectAsync(server, resume: false);
            for (int i = 0; i < each; i++)
            {
                await connection.AskAsync(device.Next());
            }
        });

        Task<int> ReconnectAsync(IPEndPoint server, bool resume) => AllAsync(Connections, async device =>
        {
            for (int i = 0; i < Connections; i++)
            {
                await using LoadConnection connection = await device.ConnectAsync(server, resume);
                await connection.AskAsync(device.Next());
            }
        });

        void Prepare(int each) => Parallel.ForEach(devices, device => device.Prepare(each));

        async Task<int> AllAsync(int each, Func<LoadDevice, Task> work)
        {
            await Task.WhenAll(devices.Select(device => Task.Run(() => work(device))));
            return each * Devices;
        }
    }
}
