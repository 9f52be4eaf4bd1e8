using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot;

/// <summary>Boot control by a boot record, wherever that is kept.</summary>
internal class BootControl : IBootControl
{
    private readonly IBootRecordStore _records;

    /// <summary>Controls what is started next.</summary>
    /// <param name="records">Where the record is.</param>
    /// <param name="facts">What runs.</param>
    public BootControl(IBootRecordStore records, BootFacts facts)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(facts);
        _records = records;
        Facts = facts;
    }

    /// <inheritdoc/>
    public BootFacts Facts { get; }

    /// <inheritdoc/>
    public BootRecord Record => _records.Read() ?? throw new DeviceStateException("boot record: wanted one valid copy, got none");

    /// <inheritdoc/>
    public void DemandWritable() => Change(static record => record);

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
    public void Withdraw(InactiveSlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        Change(record => record.With(slot.Name, SlotBootState.Unbootable));
    }

    /// <inheritdoc/>
    public void RenewTrial()
    {
        // Asked again and again while a trial is undecided, and nothing relies upon it: flash is spared.
        if (Record[Facts.Running] is { Successful: false, Tries: not SlotBootState.TrialBoots })
        {
            ChangeTrial(SlotBootState.TrialBoots);
        }
    }

    /// <inheritdoc/>
    public void EndTrial() => ChangeTrial(tries: 0);

    /// <inheritdoc/>
    public void TryAgain(InactiveSlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        Change(record => record is { A.Successful: true, B.Successful: true }
            ? record
                .With(slot.Name, SlotBootState.Trial(SlotBootState.MaxPriority))
                .With(slot.Name.Other(), SlotBootState.Good(SlotBootState.MaxPriority - 1))
            : throw new InvalidOperationException($"slot {slot.Name}: wanted both slots confirmed, got {record}"));
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

    private void ChangeTrial(int tries) => Change(record => record[Facts.Running] is { Successful: false } trial ? record.With(Facts.Running, trial.WithTries(tries)) : record);

    // Also when nothing changes: a store that takes no writes shows before the slot's first byte does (A39); and what is read may come from a write of which the
    // flush failed, while what follows relies upon its being durable.
    private void Change(Func<BootRecord, BootRecord> change) => _records.Write(change(Record));
}
