using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot;

/// <summary>Boot control by a boot record in files.</summary>
public sealed class FileBootControl : IBootControl
{
    private readonly BootRecordStore _records;

    /// <summary>Reads what the bootloader said of this boot.</summary>
    /// <exception cref="DeviceStateException">It said nothing readable.</exception>
    public FileBootControl(IDurableStore store)
    {
        _records = new BootRecordStore(store);
        Facts = BootFacts.Read(store);
    }

    /// <inheritdoc/>
    public BootFacts Facts { get; }

    /// <inheritdoc/>
    public BootRecord Record => _records.Read() ?? throw new DeviceStateException("boot record: wanted one valid copy, got none");

    /// <inheritdoc/>
    public void Disable(InactiveSlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        Change(record => record.With(slot.Name, SlotBootState.Unbootable));
    }

    /// <inheritdoc/>
    public void Activate(StagedUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        SlotName next = update.Slot.Name;
        Change(record => record
            .With(next, SlotBootState.Trial(SlotBootState.MaxPriority))
            .With(next.Other(), record[next.Other()].WithPriority(SlotBootState.MaxPriority - 1)));
    }

    /// <inheritdoc/>
    public void Confirm(ConfirmedUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        SlotName other = update.Slot.Other();
        Change(record => record
            .With(update.Slot, SlotBootState.Good(SlotBootState.MaxPriority))
            .With(other, update.BarsOtherSlot ? SlotBootState.Unbootable : record[other]));
    }

    // Also when nothing changes: what is read may come from a write of which the flush failed, and what follows relies upon its being durable.
    private void Change(Func<BootRecord, BootRecord> change) => _records.Write(change(Record));
}
