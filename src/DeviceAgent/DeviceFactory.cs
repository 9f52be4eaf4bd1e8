using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent;

/// <summary>Gives a new device the state that its agent and bootloader rely upon. Production equipment calls this; a device in the field never does.</summary>
public static class DeviceFactory
{
    /// <summary>Records that slot A of the device holds <paramref name="image"/> as a confirmed release, whose security version is the floor.</summary>
    /// <param name="configuration">Path of the device's agent.json, which names its folder and the root that it trusts.</param>
    /// <param name="image">The proof of what slot A holds (<see cref="VerifiedImage.VerifyForBoot"/>).</param>
    /// <exception cref="SettingsException">The configuration is wrong.</exception>
    /// <exception cref="DeviceStateException">The device was manufactured before: a second time would lower its floor.</exception>
    public static void Manufacture(string configuration, VerifiedImage image)
    {
        AgentSettings settings = AgentSettings.Load(configuration);
        Manufacture(new FileDurableStore(settings.Directory), image, File.ReadAllBytes(settings.TrustedRoot));
    }

    /// <summary>Asks, before anything is written, that the device is new. The boot record, which is written last, alone says that it is not.</summary>
    /// <exception cref="DeviceStateException">The device was manufactured before.</exception>
    internal static void DemandNew(IDurableStore store)
    {
        if (new BootRecordStore(store).Read() is not null)
        {
            throw new DeviceStateException("manufacture: wanted a new device, got one that has a boot record");
        }
    }

    /// <summary>Records that slot A holds <paramref name="image"/> as a confirmed release, whose security version is the floor.</summary>
    /// <exception cref="DeviceStateException">The device was manufactured before: a second time would lower its floor.</exception>
    internal static void Manufacture(IDurableStore store, VerifiedImage image, ReadOnlySpan<byte> trustedRoot)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(image);
        DemandNew(store);
        InstalledRelease release = InstalledRelease.Of(image.Manifest);
        store.Replace(FileSlotReader.EnvelopeName(SlotName.A), image.Manifest.Envelope.Bytes.Span);
        FileRollbackCounter.Manufacture(store, release.SecurityVersion);
        StateStore.Manufacture(store, release);
        MetadataRefresh.Begin(store, MetadataRefresh.AgentFolder, trustedRoot);
        new BootRecordStore(store).Write(new BootRecord(SlotBootState.Good(SlotBootState.MaxPriority), SlotBootState.Unbootable));
    }
}
