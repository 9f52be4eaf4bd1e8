using System.Net;
using System.Text.Json;
using Fota.DeviceAgent;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Verification;
using Fota.Samples.Board;
using Fota.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fota.Benchmarks.Installing;

/// <summary><c>fota-agent install</c> of a whole release from a repository on loopback HTTP: metadata, manifest, table and full pack.</summary>
internal sealed class FotaInstaller(string image, string folder) : IInstaller
{
    private const int RebootRequested = 10;
    private const string Product = RepositorySimulator.ProductName;

    private static readonly string s_programs = RepositoryRoot.Path("dist");

    private readonly RepositorySimulator _repository = new() { Now = TimeProvider.System.GetUtcNow() };
    private WebApplication? _server;

    public string Name => "fota-agent install";

    public string Slot => Path.Combine(folder, "device", "slots", "b.img");

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        SampleRelease factory = SampleRelease.Create("1.0.0", sequence: 1);
        SampleRelease release = SampleRelease.Create("1.1.0", sequence: 2, image: await File.ReadAllBytesAsync(image, cancellation), chunkSize: 64 * 1024);
        foreach (SimulatedRole role in (SimulatedRole[])[_repository.Root, _repository.Timestamp, _repository.Snapshot, _repository.Targets, _repository.Pump])
        {
            role.Expires = _repository.Now.AddDays(1);
        }

        _repository.PublishRoot();
        _repository.PublishTargets();
        _repository.AddTarget(release.TargetPath, release.SignedBy([.. _repository.Pump.Keys]).Bytes.ToArray());
        _repository.Publish();
        await ServeAsync(release, cancellation);
        await ManufactureAsync(factory, cancellation);
    }

    public async Task<InstallRun> InstallAsync(CancellationToken cancellation)
    {
        Reset();
        MeasuredRun run = await MeasuredRun.OfAsync(
            folder, Path.Combine(s_programs, "fota-agent"), ["install", "--config", "agent.json", _server!.Urls.Single() + "/", "1.1.0"], cancellation, success: RebootRequested);
        return new InstallRun(run.Time, run.Processor, run.PeakMemory);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    // The pack stays in a file, so that this process is no large parent.
    private async Task ServeAsync(SampleRelease release, CancellationToken cancellation)
    {
        string repository = Path.Combine(folder, "repo");
        foreach ((string path, byte[] content) in _repository.Files.Select(static file => ($"metadata/{file.Key}", file.Value))
            .Concat(_repository.TargetFiles.Select(static file => ($"targets/{file.Key}", file.Value)))
            .Concat(release.Blobs))
        {
            string file = Path.Combine(repository, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, content, cancellation);
        }

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.MapGet("/{**path}", (string path) => File.Exists(Path.Combine(repository, path))
            ? Results.File(Path.Combine(repository, path), enableRangeProcessing: true)
            : Results.NotFound());
        await _server.StartAsync(cancellation);
    }

    private async Task ManufactureAsync(SampleRelease factory, CancellationToken cancellation)
    {
        string device = Path.Combine(folder, "device");
        if (Directory.Exists(device))
        {
            Directory.Delete(device, recursive: true);
        }

        await File.WriteAllBytesAsync(In("factory.img"), factory.Image, cancellation);
        await File.WriteAllBytesAsync(In("factory.suit"), factory.SignedBy([.. _repository.Pump.Keys]).Bytes.ToArray(), cancellation);
        await File.WriteAllBytesAsync(In("root.json"), _repository.TrustedRoot, cancellation);
        await MeasuredRun.OfAsync(
            folder, "openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "device.key", "-out", "device.pem", "-subj", "/CN=pump-0001", "-days", "30"], cancellation);
        await File.WriteAllTextAsync(In("agent.json"), JsonSerializer.Serialize(new
        {
            layout = "development",
            device = "pump-0001",
            product = Product,
            vendorDomain = "pumps.example",
            className = "infusion-pump rev B",
            server = "https://127.0.0.1:9/",
            serverCa = "device.pem",
            trustedRoot = "root.json",
            directory = "device",
            slotSize = new FileInfo(image).Length,
            certificate = "device.pem",
            checkInSeconds = 60,
            hashBasedAnchors = "none",
            gates = "none",
            key = new { unsafeFile = "device.key" },
        }), cancellation);
        FileDurableStore store = new(device);
        DeviceIdentity identity = DeviceIdentity.From("pump-0001", ProductName.Parse(Product), "pumps.example", "infusion-pump rev B", new FileInfo(image).Length);
        ReleaseAnchors anchors = ReleaseAnchors.Of(_repository.Pump.PublicKeys, HashBasedAnchors.None);
        Factory.Manufacture(device, store, identity, anchors, In("factory.img"), In("factory.suit"), In("root.json"));
        FileSlotReader slots = new(device, store, identity.Traits.SlotCapacity);
        _ = new Bootloader(store, slots, new FileRollbackCounter(store), anchors, identity.Traits, static _ => { }).Boot() ?? throw new ToolFailedException("the device does not boot");
        await MeasuredRun.OfAsync(folder, "rm", ["-rf", "template"], cancellation);
        await MeasuredRun.OfAsync(folder, "cp", ["-a", "device", "template"], cancellation);
    }

    // The device as it was before the update, but for the slot's file, which was written before on any device.
    private void Reset()
    {
        foreach (string part in (string[])["boot", "state", "metadata", "run", "counter"])
        {
            string there = Path.Combine(folder, "device", part), original = Path.Combine(folder, "template", part);
            if (Directory.Exists(there))
            {
                Directory.Delete(there, recursive: true);
            }

            Copy(original, there);
        }
    }

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Copy(from, to, overwrite: true);
            return;
        }

        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    private string In(string name) => Path.Combine(folder, name);
}
