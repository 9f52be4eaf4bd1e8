using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;
using Fota.Samples.Board;
using Fota.TestKit;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>What becomes of a release on the device.</summary>
public enum ReleaseFate
{
    Works,

    /// <summary>Its self-test says that it does not work.</summary>
    FailsItsSelfTest,

    /// <summary>It stands still until the watchdog resets the board.</summary>
    Hangs,
}

/// <summary>A release to be made.</summary>
internal sealed record ReleasePlan(string Version, uint Security, ReleaseFate Fate = ReleaseFate.Works)
{
    /// <summary>The image; null for one that is made of version and fate.</summary>
    public byte[]? Image { get; init; }
}

/// <summary>A release of a scene, signed.</summary>
internal sealed record SceneRelease(SampleRelease Release, ReleaseFate Fate, byte[] Envelope)
{
    public string Version => Release.Manifest.ReleaseVersion.ToString();

    public uint SecurityVersion => Release.Manifest.SecurityVersion.Value;

    public string Deployment => $"deployment-{Version}";
}

/// <summary>
/// Keys, repository, releases and a device as it left the factory, made once: every cut starts from copies of it. Nothing of it changes afterwards, so
/// that several threads may use it.
/// </summary>
internal sealed class CutScene : IDisposable
{
    public const string Folder = "/device";
    public const int SlotSize = 128 * 1024;

    private readonly DeviceKeyInMemory _key = new();
    private readonly List<IDictionary<string, byte[]>> _metadata = [];

    /// <param name="releases">The factory's release and those that are offered one after the other; the sequence numbers follow their order.</param>
    public CutScene(params IReadOnlyList<ReleasePlan> releases)
    {
        Publisher = new FleetServer(_key.PublicKey);
        Identity = DeviceIdentity.From(FleetServer.DeviceName, ProductName.Parse("infusion-pump"), "pumps.example", "infusion-pump rev B", SlotSize);
        Releases = [.. releases.Select((release, index) => Publish(release, (ulong)index + 1))];
        Anchors = ReleaseAnchors.Of(Publisher.Repository.Pump.PublicKeys, HashBasedAnchors.None);
        Manufactured = new SimulatedMedium();
        Manufacture(Manufactured);
        Manufactured = Manufactured.AfterCut(MediumCut.KeepsNothing);
    }

    /// <summary>Where the releases were published. A test may publish more, for the servers that it makes itself.</summary>
    public FleetServer Publisher { get; }

    public IReadOnlyList<SceneRelease> Releases { get; }

    public DeviceIdentity Identity { get; }

    public ReleaseAnchors Anchors { get; }


    public DeviceKeyInMemory Key => _key;

    public TimeProvider Time => new FixedTime(Publisher.Repository.Now);

    /// <summary>The medium of a new device.</summary>
    public SimulatedMedium Manufactured { get; }

    /// <summary>Manufactures a device, or goes on where a power cut ended it.</summary>
    public void Manufacture(SimulatedMedium medium)
    {
        ArgumentNullException.ThrowIfNull(medium);
        FileDurableStore store = new(Folder, medium);
        SceneRelease first = Releases[0];
        Factory.Manufacture(medium, Folder, store, Identity, Anchors, new MemoryStream(first.Release.Image), first.Envelope, Publisher.Repository.TrustedRoot);
    }

    /// <summary>The server, with everything published up to <paramref name="release"/>.</summary>
    public FleetServer NewServer(int release) => new(_key.PublicKey, Publisher.Repository) { Blobs = Publisher.Blobs, Metadata = _metadata[release], Deltas = Publisher.Deltas };

    /// <summary>A server that knows what another one does.</summary>
    public FleetServer Copy(FleetServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        FleetServer copy = new(_key.PublicKey, Publisher.Repository) { Blobs = server.Blobs, Metadata = server.Metadata, Deltas = server.Deltas, Assignment = server.Assignment };
        foreach (DeviceReport report in server.Reports)
        {
            copy.Reports.Add(report);
        }

        return copy;
    }

    /// <summary>Publishes and assigns the release, if it was not before.</summary>
    public void Offer(FleetServer server, int release)
    {
        ArgumentNullException.ThrowIfNull(server);
        server.Metadata = _metadata[release];
        server.Assignment = new Assignment(Releases[release].Deployment, Releases[release].Release.TargetPath);
    }

    public void Dispose()
    {
        Publisher.Dispose();
        _key.Dispose();
    }

    private SceneRelease Publish(ReleasePlan release, ulong sequence)
    {
        string health = release.Fate switch { ReleaseFate.Works => "ok", ReleaseFate.Hangs => "hang", _ => "fail: occlusion sensor" };
        SampleRelease sample = SampleRelease.Create(release.Version, sequence, release.Security, release.Image ?? SampleRelease.ImageOf(release.Version, 10_000, health));
        Publisher.Publish(sample);
        _metadata.Add(new Dictionary<string, byte[]>(Publisher.Repository.Files, StringComparer.Ordinal));
        byte[] envelope = Publisher.Repository.TargetFiles.Single(file => file.Key.StartsWith($"infusion-pump/{release.Version}/", StringComparison.Ordinal)).Value;
        return new SceneRelease(sample, release.Fate, envelope);
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
