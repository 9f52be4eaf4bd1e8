using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Reporting;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Reports;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent;

/// <summary>
/// From an assignment to an activated slot: metadata, manifest, every condition, chunk table and the pack's beginning; only then the slot is barred, written
/// chunk by proven chunk, read back, and activated in one write. A refusal unwinds as <see cref="RejectedException"/>.
/// </summary>
internal sealed class Installation
{
    private readonly AgentParts _parts;
    private readonly StateStore _state;
    private readonly ReportQueue _reports;
    private readonly ManifestDownload _manifests;
    private readonly RepositoryClient _repository;
    private readonly DeltaPatience _patience = new();

    public Installation(AgentParts parts, StateStore state, ReportQueue reports, ManifestDownload manifests, RepositoryClient repository)
    {
        _parts = parts;
        _state = state;
        _reports = reports;
        _manifests = manifests;
        _repository = repository;
    }

    private RollbackState Rollback => new(_parts.Counter.Read(), _state.Current.Confirmed.Sequence, _state.Current.Confirmed.ManifestDigest);

    private InstallTarget Target => new(_parts.Boot.Facts.Running.Other().ForManifest(), _parts.Boot.Facts.Release.Version, _parts.Boot.Facts.Release.ManifestDigest);

    /// <summary>Proves that the assigned target may be installed here. It writes metadata, and nothing else.</summary>
    public async Task<AdmittedManifest> AdmitAsync(Assignment assignment, CancellationToken cancellation)
    {
        DateTimeOffset start = _parts.Clock.Now;
        TrustedMetadataSet trust = await _manifests.RefreshAsync(start, cancellation);

        // Kept as soon as metadata was fresh by it, whatever becomes of the target: who withholds that must not hold back time (A03).
        _parts.Clock.Accepted(start, trust.Timestamp!.Expires);
        _state.Update(state => state.Metadata?.Problem is null ? state : state with { Metadata = new MetadataLook(start, null) });
        VerifiedTargetBytes target = await _manifests.FetchAsync(trust, assignment.TargetPath, _parts.Identity.Product, cancellation);
        SignedEnvelope envelope = SignedEnvelope.Decode(target.Bytes.Span).OrThrow();
        VerifiedManifest manifest = VerifiedManifest.Verify(envelope, ReleaseAnchors.Of(target.Target.Keys, _parts.HashBased)).OrThrow();
        AdmittedManifest admitted = AdmittedManifest.Admit(manifest, _parts.Identity.Traits, Rollback, Target).OrThrow();
        _ = admitted.SoleImage;
        DemandHeadroom(manifest.Content.SecurityVersion);
        if (_state.Current.Failed.Contains(manifest.Digest))
        {
            throw new RejectedException(RejectionReason.FailedBefore, $"release {manifest.Content.ReleaseVersion}: wanted one that did not fail on this device before, got manifest {manifest.Digest}");
        }

        _parts.Log.Progress($"verified: {manifest.Content.ReleaseVersion}, sequence {manifest.Content.Sequence}, security version {manifest.Content.SecurityVersion}, manifest {manifest.Digest}");
        return admitted;
    }

    /// <summary>
    /// Fetches, proves and writes the image, reads it back, and activates it, as far as the device's gates are open. What an earlier call staged is not fetched again; an attempt that
    /// broke off is gone on with.
    /// </summary>
    /// <param name="deployment">The server's name for it; null when no server asked for it.</param>
    /// <param name="manifest">What is installed.</param>
    /// <param name="deltas">The delta packs that the server offers.</param>
    /// <param name="sources">Where it says that content can be had without it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The pass for the reboot, which has to come next.</returns>
    /// <exception cref="RejectedException">The image was refused, or the slot or the boot record failed; then the slot is not started.</exception>
    /// <exception cref="GateClosedException">A gate is closed; the slot is not started.</exception>
    public async Task<GatePass> InstallAsync(string? deployment, AdmittedManifest manifest, IReadOnlyList<OfferedDelta> deltas, IReadOnlyList<ContentSource> sources, CancellationToken cancellation)
    {
        InactiveSlot slot = InactiveSlot.Of(_parts.Boot);
        if (IsStaged(slot, manifest))
        {
            // Asked before the slot is read back too, which takes its time.
            await GatePass.DemandAsync(_parts, GatePoint.Activation, manifest, cancellation);
            await GatePass.DemandAsync(_parts, GatePoint.Reboot, manifest, cancellation);
            if (await GuardAsync(slot, () => ActivateStagedAsync(deployment, slot, manifest, cancellation)) is { } reboot)
            {
                return reboot;
            }
        }

        GatePass write = await GatePass.DemandAsync(_parts, GatePoint.Write, manifest, cancellation);

        UpdateJournal? brokenOff = _state.Current.Journal is { } journal && journal.Writes(slot.Name, manifest.Manifest.Digest) ? journal : null;

        // Table and index, or a delta's plan, are proven or bounded before the slot is touched: a wrong pack costs the device nothing.
        IReadOnlyList<OfferedDelta> offers = [.. deltas.Where(delta => _patience.HasFor(delta.Pack))];
        using ImageDownload download = await ImageDownload.BeginAsync(_parts, _repository.Before([.. Open(sources)]), manifest.SoleImage, offers, _patience, brokenOff?.Transfer, cancellation);
        return await GuardAsync(slot, () => InstallAsync(deployment, slot, manifest, download, resumes: brokenOff is not null, write, cancellation));
    }

    // Each is asked after the device's own mirrors, and done without like them.
    private IEnumerable<RepositorySource> Open(IReadOnlyList<ContentSource> sources)
    {
        if (_parts.Storage is not { } storage)
        {
            yield break;
        }

        foreach (ContentSource source in sources)
        {
            if (storage.MayHold(source.Address))
            {
                yield return new RepositorySource(source.Address, storage.Http) { Query = source.Query, IsByDigest = true };
            }
            else
            {
                // The host alone, in ASCII: the rest of it is the server's text.
                _parts.Log.Waiting($"the server names content at {source.Address.IdnHost}, which is not below an address of storageAddresses: it is not asked there");
            }
        }
    }

    private async Task<T> GuardAsync<T>(InactiveSlot slot, Func<Task<T>> install)
    {
        try
        {
            return await install();
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

    private async Task<GatePass> InstallAsync(
        string? deployment, InactiveSlot slot, AdmittedManifest manifest, ImageDownload download, bool resumes, GatePass write, CancellationToken cancellation)
    {
        write.Demand(GatePoint.Write, InstalledRelease.Of(manifest.Manifest));

        // From here on the slot holds no release, and says so before its first byte changes. Before the journal names it, too: whoever reads the
        // journal after a power cut takes what the boot record says of the slot for what came of this update, not of an earlier one.
        _parts.Boot.Disable(slot);
        _parts.Slots.ClearEnvelope(slot);
        Begin(deployment, slot, manifest, download.Transfer, write);
        await _reports.TrySendQueuedAsync(cancellation);
        await WriteAsync(slot, download, resumes, cancellation);
        _state.Update(state => state with { LastTransfer = download.Transfer });
        KeptParts.Forget(_parts.Store);

        StagedUpdate staged = StagedUpdate.Stage(slot, manifest, _parts.Slots, _parts.Identity.Traits, () => Rollback).OrThrow();
        _state.Update(static state => state.Journal is { } journal ? state with { Journal = journal with { Step = UpdateStep.Staged } } : state);
        return await ActivateAsync(staged, manifest, cancellation);
    }

    private bool IsStaged(InactiveSlot slot, AdmittedManifest manifest) =>
        _state.Current.Journal is { Step: UpdateStep.Staged } journal && journal.Slot == slot.Name && journal.Release.ManifestDigest == manifest.Manifest.Digest;

    /// <summary>Reads back what an earlier attempt left, and activates it; null when it is not what it was any more, and has to be installed anew.</summary>
    private async Task<GatePass?> ActivateStagedAsync(string? deployment, InactiveSlot slot, AdmittedManifest manifest, CancellationToken cancellation)
    {
        if (!StagedUpdate.Stage(slot, manifest, _parts.Slots, _parts.Identity.Traits, () => Rollback).IsAccepted(out StagedUpdate? staged, out Rejection? rejection))
        {
            _parts.Log.Refused(rejection);
            return null;
        }

        _state.Update(state => state.Journal is { } journal && journal.Deployment != deployment ? state with { Journal = journal with { Deployment = deployment } } : state);
        return await ActivateAsync(staged, manifest, cancellation);
    }

    // An activated slot is started by the next power cut, whatever is going on then. So the gate of the reboot has to be open before, nothing that takes time
    // comes between, and the gate is asked once more, as the last thing before the reboot.
    private async Task<GatePass> ActivateAsync(StagedUpdate staged, AdmittedManifest manifest, CancellationToken cancellation)
    {
        GatePass activation = await GatePass.DemandAsync(_parts, GatePoint.Activation, manifest, cancellation);
        GatePass reboot = await GatePass.DemandAsync(_parts, GatePoint.Reboot, manifest, cancellation);
        Activate(staged, activation, reboot);
        if (_parts.Gates.Count == 0)
        {
            await _reports.TrySendQueuedAsync(cancellation);
            return reboot;
        }

        try
        {
            return await GatePass.DemandAsync(_parts, GatePoint.Reboot, manifest, cancellation);
        }
        catch
        {
            // A closed gate, or the end of the agent: whichever, no reboot follows.
            _parts.Boot.Withdraw(staged.Slot);
            throw;
        }
    }

    private void Activate(StagedUpdate staged, GatePass activation, GatePass reboot)
    {
        InstalledRelease release = InstalledRelease.Of(staged.Image.Manifest);
        activation.Demand(GatePoint.Activation, release);
        reboot.Demand(GatePoint.Reboot, release);

        // Durable before it happens, and reported with it: whoever audits the device finds every gate that was passed.
        string? overridden = activation.Overridden.Count + reboot.Overridden.Count > 0 ? string.Join("; ", [.. activation.Overridden, .. reboot.Overridden]) : null;
        _state.Update(state => state.Overridden == overridden ? state : state with { Overridden = overridden });
        _parts.Boot.Activate(staged);
        MarkActivated();
        _parts.Log.Progress($"activated: {release.Version} in slot {staged.Slot.Name}");
    }

    /// <summary>Demands that the release, which runs, was found healthy: only the boot record says so (P9).</summary>
    /// <exception cref="RejectedException">It runs unconfirmed.</exception>
    public static void DemandConfirmed(IBootControl boot, InstalledRelease release)
    {
        if (!boot.Record[boot.Facts.Running].Successful)
        {
            throw new RejectedException(RejectionReason.HealthCheckFailed, $"release {release.Version}: wanted a confirmed boot of it, got one that runs unconfirmed");
        }
    }

    /// <summary>Notes that the boot record names the slot; after a power cut this is caught up with.</summary>
    public void MarkActivated() => _state.Update(state => state.Journal is { Step: UpdateStep.Installing or UpdateStep.Staged } journal
        ? _reports.Add(
            state with { Journal = journal with { Step = UpdateStep.Activated }, Deferral = null, Overridden = null, UndecidedSince = null, SlotFailures = null },
            journal.Deployment,
            journal.Release,
            ReportState.Activated,
            note: state.Overridden)
        : state);

    // A counter that cannot follow would leave the device open to what this release closes (A37).
    private void DemandHeadroom(SecurityVersion wanted)
    {
        SecurityVersion highest = _parts.Counter.ReadHighest();
        if (wanted > highest)
        {
            throw new RejectedException(RejectionReason.CounterExhausted, $"security version: wanted at most {highest} (the rollback counter's end), got {wanted}");
        }
    }

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

    private void Begin(string? deployment, InactiveSlot slot, AdmittedManifest manifest, ImageTransfer transfer, GatePass write)
    {
        UpdateJournal journal = new(deployment, UpdateStep.Installing, slot.Name, InstalledRelease.Of(manifest.Manifest), null) { Transfer = transfer };

        // A repeat after a broken transfer is the same installation to the server.
        _state.Update(state => journal.IsSameAs(state.Journal) && state.Deferral is null
            ? state with { Journal = journal }
            : _reports.Add(
                state with { Journal = journal, Deferral = null },
                deployment,
                journal.Release,
                ReportState.Installing,
                note: write.Overridden.Count > 0 ? string.Join("; ", write.Overridden) : null));
    }

    private async Task WriteAsync(InactiveSlot slot, ImageDownload download, bool resumes, CancellationToken cancellation)
    {
        using ImageWriter image = new(_parts, slot, download.Table, resumes, () => Note(download.Transfer));
        try
        {
            await download.FetchAsync(image, cancellation);
            image.Flush();
        }
        catch (Exception e) when (e is RepositoryUnavailableException or OperationCanceledException)
        {
            image.Checkpoint(); // nobody knows how long it takes until it goes on, and whether the power stays on
            throw;
        }
        finally
        {
            if (resumes)
            {
                _parts.Log.Progress($"resumed: {image.Taken} of {download.Table.Table.Count} chunks stood in slot {slot.Name}, {image.Written} were written");
            }
        }
    }

    private void Note(ImageTransfer transfer) => _state.Update(state => state.Journal is { } journal ? state with { Journal = journal with { Transfer = transfer } } : state);
}
