using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Reporting;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Packs;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent;

/// <summary>
/// From an assignment to an activated slot: metadata, manifest, every condition, chunk table and index; only then the slot is barred, written
/// chunk by proven chunk, read back, and activated in one write. A refusal unwinds as <see cref="RejectedException"/>.
/// </summary>
internal sealed class Installation
{
    private readonly AgentParts _parts;
    private readonly StateStore _state;
    private readonly ReportQueue _reports;
    private readonly ManifestDownload _manifests;
    private readonly PackDownload _packs;

    public Installation(AgentParts parts, StateStore state, ReportQueue reports, ManifestDownload manifests, PackDownload packs)
    {
        _parts = parts;
        _state = state;
        _reports = reports;
        _manifests = manifests;
        _packs = packs;
    }

    private RollbackState Rollback => new(_parts.Counter.Read(), _state.Current.Confirmed.Sequence, _state.Current.Confirmed.ManifestDigest);

    private InstallTarget Target => new(_parts.Boot.Facts.Running.Other().ForManifest(), _parts.Boot.Facts.Release.Version, _parts.Boot.Facts.Release.ManifestDigest);

    /// <summary>Proves that the assigned target may be installed here. It writes metadata, and nothing else.</summary>
    public async Task<AdmittedManifest> AdmitAsync(Assignment assignment, CancellationToken cancellation)
    {
        DateTimeOffset now = _parts.Time.GetUtcNow(), known = _state.Current.LatestTrustedTime, start = now > known ? now : known;
        TrustedMetadataSet trust = await _manifests.RefreshAsync(start, cancellation);

        // Kept as soon as metadata was fresh by it, whatever becomes of the target: who withholds that must not hold back time (A03).
        _state.Update(state => start > state.LatestTrustedTime ? state with { LatestTrustedTime = start } : state);
        VerifiedTargetBytes target = await _manifests.FetchAsync(trust, assignment.TargetPath, _parts.Identity.Product, cancellation);
        SignedEnvelope envelope = SignedEnvelope.Decode(target.Bytes.Span).OrThrow();
        VerifiedManifest manifest = VerifiedManifest.Verify(envelope, ReleaseAnchors.Of(target.Target.Keys, _parts.HashBased)).OrThrow();
        AdmittedManifest admitted = AdmittedManifest.Admit(manifest, _parts.Identity.Traits, Rollback, Target).OrThrow();
        _ = admitted.SoleImage;
        if (_state.Current.Failed.Contains(manifest.Digest))
        {
            throw new RejectedException(RejectionReason.FailedBefore, $"release {manifest.Content.ReleaseVersion}: wanted one that did not fail on this device before, got manifest {manifest.Digest}");
        }

        _parts.Log.Progress($"verified: {manifest.Content.ReleaseVersion}, sequence {manifest.Content.Sequence}, security version {manifest.Content.SecurityVersion}, manifest {manifest.Digest}");
        return admitted;
    }

    /// <summary>Fetches, proves and writes the image, reads it back, and activates it.</summary>
    /// <exception cref="RejectedException">The image was refused, or the slot or the boot record failed; then the slot is not started.</exception>
    public async Task InstallAsync(string deployment, AdmittedManifest manifest, CancellationToken cancellation)
    {
        // Table and index are proven or bounded before the slot is touched: a wrong pack costs the device nothing.
        VerifiedChunkTable table = await _packs.FetchTableAsync(manifest.SoleImage, cancellation);
        PackIndex index = await _packs.FetchIndexAsync(table, cancellation);
        InactiveSlot slot = InactiveSlot.Of(_parts.Boot);
        try
        {
            await InstallAsync(deployment, slot, manifest, table, index, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!IsBarred(slot))
            {
                throw;
            }

            // A full disk or a dead flash ends this update, not the agent; failures of the network came out as others already.
            throw new RejectedException(RejectionReason.StorageFailed, $"slot {slot.Name}: {e.Message}");
        }
    }

    private async Task InstallAsync(string deployment, InactiveSlot slot, AdmittedManifest manifest, VerifiedChunkTable table, PackIndex index, CancellationToken cancellation)
    {
        // From here on the slot holds no release, and says so before its first byte changes. Before the journal names it, too: whoever reads the
        // journal after a power cut takes what the boot record says of the slot for what came of this update, not of an earlier one.
        _parts.Boot.Disable(slot);
        _parts.Slots.ClearEnvelope(slot);
        Begin(deployment, slot, manifest);
        await _reports.TrySendQueuedAsync(cancellation);
        await WriteAsync(slot, table, index, cancellation);

        StagedUpdate staged = StagedUpdate.Stage(slot, manifest, _parts.Slots, _parts.Identity.Traits, () => Rollback).OrThrow();
        _parts.Boot.Activate(staged);
        MarkActivated();
        _parts.Log.Progress($"activated: {manifest.Content.ReleaseVersion} in slot {slot.Name}");
        await _reports.TrySendQueuedAsync(cancellation);
    }

    /// <summary>Notes that the boot record names the slot; after a power cut this is caught up with.</summary>
    public void MarkActivated() => _state.Update(state => state.Journal is { Step: UpdateStep.Installing } journal
        ? _reports.Add(state with { Journal = journal with { Step = UpdateStep.Activated } }, journal.Deployment, journal.Release, ReportState.Activated)
        : state);

    // What failed may have failed after it was done: an update that is given up must not be started.
    private bool IsBarred(InactiveSlot slot)
    {
        try
        {
            _parts.Boot.Disable(slot);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return !_parts.Boot.Record[slot.Name].IsPending;
        }

        return true;
    }

    private void Begin(string deployment, InactiveSlot slot, AdmittedManifest manifest)
    {
        UpdateJournal journal = new(deployment, UpdateStep.Installing, slot.Name, InstalledRelease.Of(manifest.Manifest), null);

        // A repeat after a broken transfer is the same installation to the server.
        _state.Update(state => state.Journal == journal
            ? state
            : _reports.Add(state with { Journal = journal }, deployment, journal.Release, ReportState.Installing));
    }

    private async Task WriteAsync(InactiveSlot slot, VerifiedChunkTable table, PackIndex index, CancellationToken cancellation)
    {
        using ISlotWriter writer = _parts.Slots.OpenForWriting(slot);
        int tenths = 0;
        await _packs.FetchChunksAsync(
            table,
            index,
            chunk =>
            {
                writer.Write(chunk);
                int done = (chunk.Index + 1) * 10 / table.Table.Count;
                if (done > tenths)
                {
                    tenths = done;
                    _parts.Log.Progress($"installing: {table.Manifest.Content.ReleaseVersion} into slot {slot.Name}, {done * 10}%");
                }
            },
            cancellation);
        writer.Flush();
    }
}
