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
public sealed class Bootloader
{
    private readonly IDurableStore _store;
    private readonly BootRecordStore _records;
    private readonly ISlotReader _slots;
    private readonly IRollbackCounter _counter;
    private readonly ReleaseAnchors _anchors;
    private readonly DeviceTraits _traits;
    private readonly Action<string> _say;

    /// <summary>Puts the bootloader on a board.</summary>
    public Bootloader(IDurableStore store, ISlotReader slots, IRollbackCounter counter, ReleaseAnchors anchors, DeviceTraits traits, Action<string> say)
    {
        _store = store;
        _records = new BootRecordStore(store);
        _slots = slots;
        _counter = counter;
        _anchors = anchors;
        _traits = traits;
        _say = say;
    }

    /// <summary>Picks a slot and hands over to it.</summary>
    /// <returns>What runs now; null when no slot holds anything that may run.</returns>
    public BootFacts? Boot()
    {
        // A floor that cannot be read is no fault of a slot: nothing is started (A37), and no slot loses its tries.
        SecurityVersion floor = _counter.Read();
        BootRecord record = ReadRecord();
        foreach (SlotName slot in record.BootOrder)
        {
            if (Verify(slot, floor) is { } image)
            {
                return Start(slot, image, record, record[slot].Tries);
            }

            if (!record[slot].Successful)
            {
                // A trial whose image is wrong has failed. A confirmed slot keeps its standing: the fault may pass.
                record = record.With(slot, record[slot].WithTries(0));
                _records.Write(record);
            }
        }

        // Every slot is exhausted: tries begin again, as a device that halts for good helps nobody (A38).
        foreach (SlotName slot in record.ByPriority.Where(slot => record[slot].IsExhausted))
        {
            if (Verify(slot, floor) is { } image)
            {
                _say($"slot {slot}: every slot is exhausted, tries begin again");
                return Start(slot, image, record, SlotBootState.TrialBoots);
            }
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

    private BootFacts Start(SlotName slot, VerifiedImage image, BootRecord record, int tries)
    {
        bool trial = !record[slot].Successful;
        if (trial)
        {
            // Counted before the image runs, or one that hangs would be tried for ever.
            _records.Write(record.With(slot, record[slot].WithTries(tries - 1)));
        }

        BootFacts facts = new(slot, trial, InstalledRelease.Of(image.Manifest));
        facts.Write(_store);
        _say($"slot {slot}: starting {facts.Release.Version}{(trial ? $" on trial, {tries - 1} tries left" : "")}");
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
