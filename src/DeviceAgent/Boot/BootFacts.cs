using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot;

/// <summary>
/// What the bootloader hands over to the system it starts (on a Linux board by the kernel's command line): the slot, and the release in it as
/// its verified manifest names it. The agent never concludes from what it stored what it runs (A42).
/// </summary>
/// <param name="Running">The slot that was started.</param>
/// <param name="Trial">Whether this is a trial boot.</param>
/// <param name="Release">The release that secure boot found in the slot.</param>
public sealed record BootFacts(SlotName Running, bool Trial, InstalledRelease Release)
{
    private const string FileName = "run/booted.json";

    /// <summary>Reads what the bootloader left.</summary>
    /// <exception cref="DeviceStateException">It left nothing readable.</exception>
    internal static BootFacts Read(IDurableStore store) => StoredJson.Read(store, FileName, static json => new BootFacts(
        json.RequiredEnum<SlotName>("slot"),
        json.GetProperty("trial").GetBoolean(),
        InstalledRelease.Read(json.GetProperty("release"))));

    /// <summary>Called by the bootloader before it starts the image.</summary>
    internal void Write(IDurableStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Replace(FileName, StoredJson.Write(json =>
        {
            json.WriteString("slot", Running.ToString());
            json.WriteBoolean("trial", Trial);
            Release.Write(json, "release");
        }));
    }
}
