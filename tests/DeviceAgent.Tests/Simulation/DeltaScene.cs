using Fota.DeviceAgent.State;
using Fota.Manifest.Packs;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>
/// A device, the release that it runs, the next one, and the delta pack between the two: chunk 0 changed, 1 to 3 stayed, 4 has bytes more,
/// and all that follows only moved.
/// </summary>
internal sealed class DeltaScene : IDisposable
{
    public const int ChunkSize = 4096, Chunks = 10, FirstRecord = 0, SecondRecord = 4;

    private const byte Untouched = 0xEE;

    /// <summary>Offers the delta pack, or what <paramref name="change"/> makes of it, to a device that runs <paramref name="running"/>, or else what the pack is against.</summary>
    public DeltaScene(Func<byte[], byte[]>? change = null, SampleRelease? running = null)
    {
        Running = running ?? Factory;
        Device = new SimulatedDevice(Running);
        Device.Server.Offer(Release);
        DeltaPath = Device.Server.OfferDelta(change is null ? Delta : change([.. Delta]), Running.Image);
        File.WriteAllBytes(Device.Reader.PathOf(Boot.SlotName.B), Enumerable.Repeat(Untouched, SimulatedDevice.SlotSize).ToArray());
    }

    public static SampleRelease Factory { get; } = SampleRelease.Create("1.0.0", sequence: 1, image: SampleRelease.ImageOf("1.0.0", 38_000));

    public static SampleRelease Release { get; } = SampleRelease.Create("1.1.0", sequence: 2, image: Next(Factory.Image, "1.1.0"));

    public static byte[] Delta { get; } = Release.DeltaFrom(Factory.Image);

    /// <summary>The pack's parts, as they say themselves.</summary>
    public static DeltaPack Parts { get; } = PartsOf(Delta);

    public SampleRelease Running { get; }

    public SimulatedDevice Device { get; }

    public FleetServer Server => Device.Server;

    public string DeltaPath { get; }

    /// <summary>What the device says that the last image took.</summary>
    public ImageTransfer Transfer => Device.Status.LastTransfer!;

    /// <summary>What the server sent of packs and tables.</summary>
    public long Sent => Server.Sent.Where(static sent => sent.Key.StartsWith("packs/", StringComparison.Ordinal) || sent.Key.StartsWith("tables/", StringComparison.Ordinal)).Sum(static sent => sent.Value);

    public static string FullPath => Release.Described.PackUri;

    /// <summary>An image that says another version, and has some bytes more in its middle.</summary>
    public static byte[] Next(byte[] image, string version)
    {
        int middle = image.Length / 2;
        byte[] next = [.. image[..middle], .. "these bytes are new"u8, .. image[middle..]];
        System.Text.Encoding.ASCII.GetBytes($"version={version}\n").CopyTo(next, "FOTA-SAMPLE-PUMP\n".Length);
        return next;
    }

    public static DeltaPack PartsOf(byte[] pack)
    {
        DeltaHead head = DeltaHead.Decode(pack.AsMemory(0, DeltaHead.Size)).OrThrow();
        return DeltaPack.Decode(head, pack.AsMemory(DeltaHead.Size, head.PlanLength)).OrThrow();
    }

    /// <summary>Where the record of chunk 4 begins.</summary>
    public static int SecondRecordStart()
    {
        (ChunkTable table, _) = ChunkTable.Build(new MemoryStream(Release.Image), ChunkSize);
        Assert.That(table.Count, Is.EqualTo(Chunks));
        Assert.That(Parts.Copies, Is.EqualTo(Chunks - 2), "the case at hand: two chunks have a record");
        return Parts.DigestsStart + Parts.DigestsLength + Delta[DeltaHead.Size + 1]; // the plan: one record, its length below 128
    }

    /// <summary>What is in slot B from chunk <paramref name="chunk"/> on is what was there before.</summary>
    public void AssertUntouchedFrom(int chunk)
    {
        byte[] slot = File.ReadAllBytes(Device.Reader.PathOf(Boot.SlotName.B));
        Assert.That(slot[(chunk * ChunkSize)..], Is.All.EqualTo(Untouched));
    }

    public void AssertConfirmed(TransferKind kind)
    {
        string log = string.Join('\n', Device.Log.All);
        Assert.That(Device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"), log);
        Assert.That(Device.Status.Running.Running, Is.EqualTo(Boot.SlotName.B), log);
        Assert.That(File.ReadAllBytes(Device.Reader.PathOf(Boot.SlotName.B)).AsSpan(0, Release.Image.Length).SequenceEqual(Release.Image), Is.True, log);
        Assert.That(File.ReadAllBytes(Device.Reader.PathOf(Boot.SlotName.A)).AsSpan(0, Running.Image.Length).SequenceEqual(Running.Image), Is.True, "P2");
        Assert.That(Transfer.Kind, Is.EqualTo(kind), log);
    }

    public void Dispose() => Device.Dispose();
}
