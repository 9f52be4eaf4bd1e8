using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Diagnosing;

/// <summary>Boot record and slots of a device. A slot is read back whole: its fallback is what a device is lost without.</summary>
internal sealed class SlotLook(AgentSettings settings, IDurableStore store)
{
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
        SlotClaim claim = SlotClaim.Read(slots, slot);
        if (claim.Content is not { } content)
        {
            return matters ? (FindingState.Wrong, "wanted an envelope beside it, got none that can be read") : (FindingState.Notable, "holds no release");
        }

        string release = $"{content.ReleaseVersion}, security version {content.SecurityVersion}";
        string? damage = await claim.FindDamageAsync(slots, cancellation);
        return damage is null ? (FindingState.Good, $"{release}, its image is whole") : (matters ? FindingState.Wrong : FindingState.Notable, $"{release}: {damage}");
    }

    private BootRecord ReadRecord() => settings.Boot.Records(store).Read() ?? throw new DeviceStateException("wanted one valid copy, got none");

    private static string Describe(SlotBootState state) => state switch
    {
        { Successful: true } => $"confirmed (priority {state.Priority})",
        { IsPending: true } => $"on trial (priority {state.Priority}, {state.Tries} tries left)",
        { IsExhausted: true } => "exhausted",
        _ => "not bootable",
    };
}
