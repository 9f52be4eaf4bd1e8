using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Verification;

namespace Fota.Samples.Board;

/// <summary>
/// Boot ROM and bootloader in one: picks the slot by the boot record, and starts nothing that secure boot did not prove at this very boot:
/// signatures by a threshold of its own anchors, conditions, floor, and the digest of the whole image.
/// </summary>
internal sealed class Bootloader
{
    private readonly IDurableStore _store;
    private readonly IBootRecordStore _records;
    private readonly ISlotReader _slots;
    private readonly IRollbackCounter _counter;
    private readonly ReleaseAnchors _anchors;
    private readonly DeviceTraits _traits;
    private readonly Action<string> _say;

    /// <summary>Puts the bootloader on a board that has the boot record in its own format.</summary>
    public Bootloader(IDurableStore store, ISlotReader slots, IRollbackCounter counter, ReleaseAnchors anchors, DeviceTraits traits, Action<string> say)
        : this(store, new BootRecordStore(store), slots, counter, anchors, traits, say)
    {
    }

    /// <summary>Puts the bootloader on a board that has the boot record where <paramref name="records"/> says.</summary>
    public Bootloader(IDurableStore store, IBootRecordStore records, ISlotReader slots, IRollbackCounter counter, ReleaseAnchors anchors, DeviceTraits traits, Action<string> say)
    {
        _store = store;
        _records = records;
        _slots = slots;
        _counter = counter;
        _anchors = anchors;
        _traits = traits;
        _say = say;
    }

    /// <summary>
    /// Picks a slot and hands over to it. A trial that cannot be counted, as the boot record cannot be written, is put off: what is confirmed goes first (A39).
    /// </summary>
    /// <returns>What runs now; null when no slot holds anything that may run.</returns>
    public BootFacts? Boot()
    {
        // A floor that cannot be read is no fault of a slot: nothing is started (A37), and no slot loses its tries.
        SecurityVersion floor = _counter.Read();
        BootRecord record = ReadRecord();
        (SlotName Slot, VerifiedImage Image)? uncounted = null;
        foreach (SlotName slot in record.BootOrder)
        {
            if (Verify(slot, floor) is { } image)
            {
                if (record[slot].Successful || Count(slot, record, record[slot].Tries))
                {
                    return Start(slot, image, record[slot]);
                }

                uncounted ??= (slot, image);
            }
            else if (!record[slot].Successful)
            {
                // A trial whose image is wrong has failed. A confirmed slot keeps its standing: the fault may pass.
                record = record.With(slot, record[slot].WithTries(0));
                TryWrite(record);
            }
        }

        if (uncounted is { } trial)
        {
            _say($"slot {trial.Slot}: nothing else may run, its trial goes uncounted");
            return Start(trial.Slot, trial.Image, record[trial.Slot]);
        }

        // Every slot is exhausted: tries begin again, as a device that halts for good helps nobody (A38). Those of every slot that passes: the first may pass and hang each time.
        (SlotName Slot, VerifiedImage Image)? first = null;
        foreach (SlotName slot in record.ByPriority.Where(slot => record[slot].IsExhausted))
        {
            if (Verify(slot, floor) is { } image)
            {
                first ??= (slot, image);
                record = record.With(slot, record[slot].WithTries(SlotBootState.TrialBoots));
            }
        }

        if (first is { } again)
        {
            _say($"slot {again.Slot}: every slot is exhausted, tries begin again");
            Count(again.Slot, record, SlotBootState.TrialBoots);
            return Start(again.Slot, again.Image, record[again.Slot]);
        }

        _say("no slot holds a release that may run; the board needs service");
        return null;
    }

    private BootRecord ReadRecord()
    {
        if (_records.Read() is { } record)
        {
            return record;
        }

        _say("boot record: no valid copy, both slots get a trial");
        return BootRecord.Unknown;
    }

    // Counted before the image runs, or one that hangs would be tried for ever.
    private bool Count(SlotName slot, BootRecord record, int tries) => TryWrite(record.With(slot, record[slot].WithTries(tries - 1)));

    private bool TryWrite(BootRecord record)
    {
        try
        {
            _records.Write(record);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _say($"boot record: cannot be written: {e.Message}");
            return false;
        }
    }

    private BootFacts Start(SlotName slot, VerifiedImage image, SlotBootState state)
    {
        BootFacts facts = new(slot, !state.Successful, InstalledRelease.Of(image.Manifest));
        facts.Write(_store);
        _say($"slot {slot}: starting {facts.Release.Version}{(facts.Trial ? $" on trial, {state.Tries - 1} tries left" : "")}");
        return facts;
    }

    private VerifiedImage? Verify(SlotName slot, SecurityVersion floor)
    {
        if (Prove(slot, floor).IsAccepted(out VerifiedImage? image, out Rejection? rejection))
        {
            return image;
        }

        _say($"slot {slot}: refused: {rejection}");
        return null;
    }

    private Verdict<VerifiedImage> Prove(SlotName slot, SecurityVersion floor) => Verdict.Of(() =>
    {
        try
        {
            return ProveOrThrow(slot, floor);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DeviceStateException)
        {
            // A slot that cannot be read must not keep the other from being started (P3).
            throw new RejectedException(RejectionReason.StorageFailed, $"slot {slot}: {e.Message}");
        }
    });

    private VerifiedImage ProveOrThrow(SlotName slot, SecurityVersion floor)
    {
        byte[] envelope = _slots.ReadEnvelope(slot) ?? throw new RejectedException(RejectionReason.MissingField, $"slot {slot}: wanted an envelope, got none");
        VerifiedManifest manifest = VerifiedManifest.Verify(SignedEnvelope.Decode(envelope).OrThrow(), _anchors).OrThrow();
        using Stream content = _slots.OpenForReading(slot);
        return VerifiedImage.VerifyForBoot(manifest, _traits, floor, slot.ForManifest(), content).OrThrow();
    }
}
