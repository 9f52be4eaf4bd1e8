using System.Security.Cryptography;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.Diagnosing;

/// <summary>Boot record and slots of a device. A slot is read back whole: its fallback is what a device is lost without.</summary>
internal sealed class SlotLook(AgentSettings settings, IDurableStore store)
{
    private const int BufferSize = 128 * 1024;

    public (FindingState State, string Detail) Record()
    {
        BootRecord record = ReadRecord();
        SlotName running = settings.Boot.Running(store);
        string detail = $"{running} runs; A {Describe(record.A)}; B {Describe(record.B)}";
        return record[running].Successful ? (FindingState.Good, detail) : (FindingState.Notable, $"{detail}; what runs is not confirmed");
    }

    public async Task<(FindingState State, string Detail)> SlotAsync(SlotName slot, CancellationToken cancellation)
    {
        bool matters = ReadRecord()[slot].IsBootable;
        FileSlotReader slots = new(settings.Directory, store, settings.Identity.Traits.SlotCapacity);
        if (SlotClaim.Read(slots, slot).Content is not { } content)
        {
            return matters ? (FindingState.Wrong, "wanted an envelope beside it, got none that can be read") : (FindingState.Notable, "holds no release");
        }

        string release = $"{content.ReleaseVersion}, security version {content.SecurityVersion}";
        if (content.Components is not [{ } sole])
        {
            return (FindingState.Wrong, $"{release}: wanted one component, got {content.Components.Count}");
        }

        ComponentImage image = sole.Images.For(slot.ForManifest());
        using Stream bytes = slots.OpenForReading(slot);
        Sha256Digest? read = bytes.Length < image.ImageSize ? null : await DigestAsync(bytes, image.ImageSize, cancellation);
        return read == image.ImageDigest ? (FindingState.Good, $"{release}, its image is whole")
            : (matters ? FindingState.Wrong : FindingState.Notable, $"{release}: wanted image {image.ImageDigest}, got {read?.ToString() ?? "one that is cut short"}");
    }

    private BootRecord ReadRecord() => settings.Boot.Records(store).Read() ?? throw new DeviceStateException("wanted one valid copy, got none");

    private static async Task<Sha256Digest> DigestAsync(Stream bytes, long length, CancellationToken cancellation)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[BufferSize];
        for (long rest = length; rest > 0;)
        {
            int read = await bytes.ReadAsync(buffer.AsMemory(0, (int)Math.Min(rest, buffer.Length)), cancellation);
            if (read == 0)
            {
                throw new EndOfStreamException($"wanted {length} bytes, got {length - rest}");
            }

            hash.AppendData(buffer, 0, read);
            rest -= read;
        }

        return Sha256Digest.FromBytes(hash.GetHashAndReset());
    }

    private static string Describe(SlotBootState state) => state switch
    {
        { Successful: true } => $"confirmed (priority {state.Priority})",
        { IsPending: true } => $"on trial (priority {state.Priority}, {state.Tries} tries left)",
        { IsExhausted: true } => "exhausted",
        _ => "not bootable",
    };
}
