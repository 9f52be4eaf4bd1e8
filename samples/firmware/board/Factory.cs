using Fota.Interop.Posix;
using Fota.DeviceAgent;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Verification;

namespace Fota.Samples.Board;

/// <summary>The production line: puts the first image into slot A, as a programmer does, and gives the device its state.</summary>
internal static class Factory
{
    /// <summary>Manufactures a device from files. After a power cut it may be repeated, until it came to its end.</summary>
    /// <exception cref="RejectedException">The board would not start this image.</exception>
    public static void Manufacture(string directory, IDurableStore store, DeviceIdentity identity, ReleaseAnchors anchors, string image, string envelope, string trustedRoot)
    {
        using FileStream source = File.OpenRead(image);
        Manufacture(PosixFileSystem.Instance, directory, store, identity, anchors, source, File.ReadAllBytes(envelope), File.ReadAllBytes(trustedRoot));
    }

    /// <summary>As the other method, for a device in <paramref name="files"/>.</summary>
    public static void Manufacture(
        IFileSystem files, string directory, IDurableStore store, DeviceIdentity identity, ReleaseAnchors anchors, Stream image, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> trustedRoot)
    {
        ArgumentNullException.ThrowIfNull(identity);
        VerifiedManifest manifest = VerifiedManifest.Verify(SignedEnvelope.Decode(envelope).OrThrow(), anchors).OrThrow();
        FileSlotReader slots = new(directory, store, identity.Traits.SlotCapacity, files);
        DeviceFactory.DemandNew(store);
        DurableFile.Replace(files, slots.PathOf(SlotName.A), image);
        using Stream content = slots.OpenForReading(SlotName.A);
        VerifiedImage verified = VerifiedImage.VerifyForBoot(manifest, identity.Traits, manifest.Content.SecurityVersion, ImageSlot.A, content).OrThrow();
        DeviceFactory.Manufacture(store, verified, trustedRoot);
    }

    internal static void Manufacture(BoardSettings settings, string image, string envelope)
    {
        AgentSettings agent = settings.Agent;
        Manufacture(agent.Directory, new FileDurableStore(agent.Directory), agent.Identity, settings.Anchors, image, envelope, agent.TrustedRoot);
    }
}
