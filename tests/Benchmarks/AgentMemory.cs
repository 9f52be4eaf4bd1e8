using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fota.Samples.Demo;
using Fota.TestKit;

namespace Fota.Benchmarks;

/// <summary>
/// Peak memory of the agent program while it installs, from a real server over mutual TLS with its key in a token, for a small image and
/// a large one: what grows with the image shows in the ratio.
/// </summary>
internal static class AgentMemory
{
    private const int MiB = 1024 * 1024, Small = 4 * MiB, Large = 64 * MiB;

    private static readonly string[] s_sizes = ["1.1.0", "1.2.0"];

    public static async Task<int> RunAsync(CancellationToken cancellation)
    {
        string programs = RepositoryRoot.Path("dist"), folder = Directory.CreateTempSubdirectory("fota-bench-").FullName;
        try
        {
            Console.WriteLine($"fota-agent: {new FileInfo(Path.Combine(programs, "fota-agent")).Length / (double)MiB:0.0} MiB, one file, nothing else needed");
            SignerSite signer = new(programs, Path.Combine(folder, "signer"));
            await using ServerSite server = new(programs, Path.Combine(folder, "server"));
            await signer.HoldCeremonyAsync(RepositoryRoot.Path("hsm-config", "ceremony.yaml"), cancellation);
            await server.StartAsync(signer, cancellation);
            await using Service online = await signer.StartServiceAsync(server.Address, server.OperatorToken, cancellation);
            Operator operations = new(programs, server.OperatorEnvironment(Path.Combine(signer.Home, "ca", "service-ca.pem")));

            string first = await ReleaseAsync(programs, folder, signer, operations, "1.0.0", MiB, cancellation);
            List<(long Peak, TimeSpan Time)> measured = [];
            foreach ((string version, int size) in s_sizes.Zip([Small, Large]))
            {
                await ReleaseAsync(programs, folder, signer, operations, version, size, cancellation);
                await using DeviceSite device = new(programs, Path.Combine(folder, "device-" + version), "pump-" + version.Replace('.', '-')) { SlotSize = Large };
                await device.ManufactureAsync(signer, server.Address, first, "1.0.0", cancellation);
                device.PowerOn();
                await Waiting.ForAsync("the device to check in", TimeSpan.FromSeconds(30), async () =>
                    (await operations.DevicesAsync(cancellation)).EnumerateArray().Any(d => d.GetProperty("device").GetString() == device.Name) ? device : null, cancellation);
                await device.PowerOffAsync();
                string rollout = await operations.StartRolloutAsync(version, measured.Count + 1, cancellation);
                (long peak, TimeSpan time) = await MeasureAsync(Path.Combine(programs, "fota-agent"), device, cancellation);
                await operations.AbortRolloutAsync(rollout, cancellation); // the trial boot is not ours to measure
                measured.Add((peak, time));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"image {size / MiB,3} MiB: peak memory (VmHWM) {peak / (double)MiB:0.0} MiB, check-in to activated {time.TotalSeconds:0.0} s"));
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak memory, {Large / Small} times the image: {measured[1].Peak / (double)measured[0].Peak:0.00} times"));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static async Task<string> ReleaseAsync(string programs, string folder, SignerSite signer, Operator operations, string version, int size, CancellationToken cancellation)
    {
        string image = Path.Combine(folder, $"pump-{version}.img");
        await new Tool(Path.Combine(programs, "samples", "images"), new Dictionary<string, string>(StringComparer.Ordinal))
            .RunAsync(cancellation, "--version", version, "--size", size.ToString(CultureInfo.InvariantCulture), "--out", image);
        string digest = await signer.CreateReleaseAsync(version, 1, image, cancellation);
        await signer.ApproveReleaseAsync(version, digest, cancellation);
        await signer.PublishReleaseAsync(version, cancellation);
        await operations.WaitForReleaseAsync(version, cancellation);
        return image;
    }

    private static async Task<(long Peak, TimeSpan Time)> MeasureAsync(string agent, DeviceSite device, CancellationToken cancellation)
    {
        const int RebootRequested = 10;
        ProcessStartInfo start = new(agent, ["check", "--config", device.Site.Path("agent.json")]) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach ((string name, string value) in device.Site.Environment)
        {
            start.Environment[name] = value;
        }

        long began = TimeProvider.System.GetTimestamp(), peak = 0;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);

        // VmHWM only rises; the last reading before the end is the peak, as the end is a few small writes.
        while (!process.HasExited)
        {
            process.Refresh();
            try
            {
                peak = Math.Max(peak, process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                break;
            }

            await Task.Delay(5, cancellation);
        }

        TimeSpan time = TimeProvider.System.GetElapsedTime(began);
        await process.WaitForExitAsync(cancellation);
        JsonElement status = await device.StatusAsync(cancellation);
        return process.ExitCode == RebootRequested
            ? (peak, time)
            : throw new DemoFailedException($"wanted an activated update, got exit code {process.ExitCode}: {await output} {status.GetRawText()}");
    }
}
