using System.Buffers.Binary;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest.Reports;
using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>
/// P1 to P4 as facts that can be looked up. What is on a slot is compared with the bytes of the releases, and not asked of the code that is under test.
/// </summary>
internal static class Promises
{
    private static readonly string[] s_copies = ["boot/record.0", "boot/record.1"];

    /// <summary>What holds whenever the device is without power, or before it boots.</summary>
    public static void CheckAtRest(MediumDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        BootRecord record = device.Record ?? throw new PromiseBrokenException("P3", "no copy of the boot record is valid");
        uint confirmed = 0;
        foreach (SlotName slot in Enum.GetValues<SlotName>().Where(slot => record[slot].Priority > 0))
        {
            SceneRelease release = ReleaseIn(device, slot) ?? throw new PromiseBrokenException("P1", $"slot {slot} may be booted ({record[slot]}), and holds no proven release");
            confirmed = record[slot].Successful ? Math.Max(confirmed, release.SecurityVersion) : confirmed;
        }

        CheckFloor(device);
        if (device.KnownFloor > confirmed)
        {
            throw new PromiseBrokenException("P4", $"the floor is {device.KnownFloor}, and no release above {confirmed} was confirmed");
        }
    }

    /// <summary>The floor can be read, and did not fall.</summary>
    public static void CheckFloor(MediumDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        uint floor = FloorOf(device.Store);
        device.KnownFloor = floor >= device.KnownFloor ? floor : throw new PromiseBrokenException("P4", $"the floor fell from {device.KnownFloor} to {floor}");
    }

    /// <summary>What holds of what was booted.</summary>
    public static BootFacts CheckBooted(MediumDevice device, BootFacts? booted)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (booted is null)
        {
            throw new PromiseBrokenException("P3", "nothing boots");
        }

        if (ReleaseIn(device, booted.Running)?.Release.Manifest.ReleaseVersion != booted.Release.Version)
        {
            throw new PromiseBrokenException("P1", $"slot {booted.Running} was booted as {booted.Release.Version}, and does not hold it");
        }

        return booted.Release.SecurityVersion.Value >= device.KnownFloor
            ? booted
            : throw new PromiseBrokenException("P4", $"{booted.Release.Version} was booted, below the floor {device.KnownFloor}");
    }

    /// <summary>Nothing changes the running slot or its envelope, not even for a moment.</summary>
    public static void CheckRunningSlot(SlotName? running, MediumStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        string slot = $"{CutScene.Folder}/slots/{(running == SlotName.A ? 'a' : 'b')}.";
        if (running is not null && step.Path.StartsWith(slot, StringComparison.Ordinal))
        {
            throw new PromiseBrokenException("P2", $"slot {running} runs: {step}");
        }
    }

    /// <summary>What holds once an offered release has come to its end, whatever was between.</summary>
    public static void CheckInstalled(MediumDevice device, AgentOutcome outcome, int offered)
    {
        ArgumentNullException.ThrowIfNull(device);
        SceneRelease release = device.Scene.Releases[offered];
        SceneRelease wanted = device.Scene.Releases.Take(offered + 1).Last(static r => r.Fate == ReleaseFate.Works);
        CheckAtRest(device);
        if (outcome is not AgentOutcome.Idle)
        {
            throw new PromiseBrokenException("P3", $"{release.Version} was not taken: {outcome}");
        }

        DeviceStatus status = device.Status;
        BootRecord record = device.Record!;
        Require("P3", "what runs", status.Running.Release.Version.ToString(), wanted.Version);
        Require("P3", "what is confirmed", status.Confirmed.Version.ToString(), wanted.Version);
        Require("P3", "what is under way", status.Step, null);
        Require("P3", $"slot {status.Running.Running}", record[status.Running.Running].Successful, true);
        Require("P4", "the floor", status.Floor.Value, device.Scene.Releases.Take(offered + 1).Where(static r => r.Fate == ReleaseFate.Works).Max(static r => r.SecurityVersion));
        CheckCopies(device.Store);
    }

    /// <summary>Each state was reported, in its order and once; what was repeated is told from what is new by ordinal and nonce.</summary>
    public static void CheckReports(FleetServer server, SceneRelease release)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(release);
        foreach (IGrouping<long, DeviceReport> group in server.Reports.GroupBy(static r => r.Ordinal))
        {
            Require("P9", $"nonces of ordinal {group.Key}", group.Select(static r => Convert.ToHexString(r.Nonce.Span)).Distinct(StringComparer.Ordinal).Count(), 1);
        }

        ReportState end = release.Fate == ReleaseFate.Works ? ReportState.Confirmed : ReportState.RolledBack;
        ReportState[] states = [.. server.Reports.Where(r => r.Deployment == release.Deployment).DistinctBy(static r => r.Ordinal).Select(static r => r.State)];
        string told = string.Join(' ', states.SkipWhile(static s => s == ReportState.Installing));
        if (states.FirstOrDefault() != ReportState.Installing || told != $"{ReportState.Activated} {end}")
        {
            throw new PromiseBrokenException("P9", $"reports of {release.Version}: wanted Installing Activated {end}, got {string.Join(' ', states)}");
        }
    }

    public static uint FloorOf(IDurableStore store)
    {
        try
        {
            return new FileRollbackCounter(store).Read().Value;
        }
        catch (DeviceStateException e)
        {
            throw new PromiseBrokenException("P4", e.Message, e);
        }
    }

    /// <summary>The release that a slot and the envelope beside it hold, or null.</summary>
    public static SceneRelease? ReleaseIn(MediumDevice device, SlotName slot)
    {
        ArgumentNullException.ThrowIfNull(device);
        try
        {
            byte[]? envelope = device.Reader.ReadEnvelope(slot);
            SceneRelease? release = device.Scene.Releases.FirstOrDefault(release => envelope.AsSpan().SequenceEqual(release.Envelope));
            byte[] image = new byte[release?.Release.Image.Length ?? 0];
            using Stream content = device.Reader.OpenForReading(slot);
            return content.ReadAtLeast(image, image.Length, throwOnEndOfStream: false) == image.Length && release is not null && image.AsSpan().SequenceEqual(release.Release.Image) ? release : null;
        }
        catch (IOException)
        {
            return null; // a bad sector
        }
    }

    // The copies agree: both are valid, and their generations follow on each other, so that there is one newest and the other one is what was before it.
    private static void CheckCopies(IDurableStore store)
    {
        ulong[] generations = [.. s_copies.Select(copy => Generation(store, copy))];
        if (Math.Max(generations[0], generations[1]) - Math.Min(generations[0], generations[1]) != 1)
        {
            throw new PromiseBrokenException("P3", $"the copies of the boot record do not follow on each other: generations {generations[0]} and {generations[1]}");
        }
    }

    private static ulong Generation(IDurableStore store, string copy) => new BootRecordStore(new OneFile(store, copy)).Read() is not null
        ? BinaryPrimitives.ReadUInt64BigEndian(store.Read(copy).AsSpan(8))
        : throw new PromiseBrokenException("P3", $"{copy} is not valid");

    private static void Require<T>(string promise, string what, T got, T wanted)
    {
        if (!EqualityComparer<T>.Default.Equals(got, wanted))
        {
            throw new PromiseBrokenException(promise, $"{what}: wanted {wanted}, got {got}");
        }
    }

    /// <summary>A store in which there is one file only.</summary>
    private sealed class OneFile(IDurableStore store, string only) : IDurableStore
    {
        public byte[]? Read(string name) => name == only ? store.Read(name) : null;

        public void Replace(string name, ReadOnlySpan<byte> content) => throw new NotSupportedException();

        public void Delete(string name) => throw new NotSupportedException();
    }
}
