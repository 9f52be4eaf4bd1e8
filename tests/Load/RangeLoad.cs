using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Fota.TestKit;

namespace Fota.Load;

/// <summary>Parts of 64 KiB of a published pack, as devices fetch them, over mutual TLS; beside the same file behind the framework's static files.</summary>
internal static class RangeLoad
{
    private const int Devices = 16, Each = 400, Part = 64 * 1024, ImageBytes = 32 * 1024 * 1024, ChunkBytes = 64 * 1024;

    public static async Task<int> RunAsync()
    {
        using LoadSite site = new();

        // Random, so that the pack is as large as the image.
        SampleRelease release = site.Source.Add(SampleRelease.Create(image: RandomNumberGenerator.GetBytes(ImageBytes), chunkSize: ChunkBytes));
        await File.WriteAllBytesAsync(site.PathOf("pack"), release.Pack);
        await using MeasuredServer fota = await site.StartFotaAsync(), bare = await site.StartBareAsync();
        await site.PublishAsync(fota.Address);
        LoadDevice[] devices = [.. Enumerable.Range(0, Devices).Select(i => new LoadDevice(site, $"pump-{i:0000}"))];
        return await Comparison.RunAsync("64 KiB of a pack", static () => { }, () => FetchAsync(fota.Address, $"/repo/{release.Described.PackUri}"), () => FetchAsync(bare.Address, "/static/pack"), 0.8) ? 0 : 1;

        async Task<int> FetchAsync(IPEndPoint server, string path)
        {
            await Task.WhenAll(devices.Select((device, seed) => Task.Run(async () =>
            {
                await using LoadConnection connection = await device.ConnectAsync(server, resume: false);
                for (int i = 0; i < Each; i++)
                {
                    // Each device its own way through the pack; the same at both servers.
                    long at = (long)((seed * 31) + i) % (release.Pack.Length / Part) * Part;
                    byte[] request = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET {path} HTTP/1.1\r\nHost: {LoadSite.Host}\r\nRange: bytes={at}-{at + Part - 1}\r\n\r\n"));
                    int length = await connection.AskAsync(request, "206");
                    _ = length == Part ? length : throw new InvalidOperationException($"wanted {Part} bytes, got {length}");
                }
            })));
            return Devices * Each;
        }
    }
}
