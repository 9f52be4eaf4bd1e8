using System.Collections.Concurrent;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Requests;

namespace Fota.Signer.Service;

/// <summary>
/// Makes drafts of requests whose content is there: cuts, hashes and compresses, then signs as the author. A draft bears the id of its request, so that one which
/// was signed before the process was killed is taken up, and not signed again (A48).
/// </summary>
internal sealed class DraftPreparation(SignerHost host, HomeFolder folder, ServiceKeys keys)
{
    private readonly ConcurrentDictionary<string, (int Done, int All)> _progress = new(StringComparer.Ordinal);

    /// <summary>How far the compression of a request came, in chunks; null when it is not being compressed.</summary>
    public (int Done, int All)? ProgressOf(string id) => _progress.TryGetValue(id, out (int, int) progress) ? progress : null;

    /// <summary>What the last request failed at that waits on; null if none did.</summary>
    public string? Failure { get; private set; }

    /// <summary>Prepares all that wait. What fails for a reason that may pass waits on, and keeps no other from its turn.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        string? failure = null;
        foreach (RequestRecord record in await WaitingAsync(cancellation))
        {
            try
            {
                await PrepareAsync(record, cancellation);
            }
            catch (Exception e) when (e is SignerRefusalException and not HomeBusyException or RejectedException)
            {
                await MoveOnAsync(record, waiting => waiting with { State = RequestState.Failed, Outcome = e.Message }, cancellation);
            }
            catch (ContentChangedException e)
            {
                failure = $"request {record.Id}: {e.Message}";
                new ContentFolder(folder, record).Delete();
                await MoveOnAsync(record, static waiting => waiting with { State = RequestState.AwaitingContent }, cancellation);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A token that is away, a full disk: it is tried again.
                failure = $"request {record.Id}: {e.Message.ReplaceLineEndings(" ")}";
                await host.Error.WriteLineAsync($"preparing {failure}; it is tried again");
            }
            finally
            {
                _ = _progress.TryRemove(record.Id, out _);
            }
        }

        Failure = failure;
    }

    private async Task MoveOnAsync(RequestRecord record, Func<RequestRecord, RequestRecord> change, CancellationToken cancellation)
    {
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        if (home.Requests.Get(record.Id) is { State: RequestState.Preparing } waiting)
        {
            RequestRecord moved = home.Requests.Move(waiting, change(waiting), RequestCleaning.Actor);
            if (!moved.IsOpen)
            {
                RequestCleaning.Remove(folder, moved);
            }
        }
    }

    private async Task<IReadOnlyList<RequestRecord>> WaitingAsync(CancellationToken cancellation)
    {
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        RequestCleaning.TakeUpDrafts(home);
        RequestCleaning.FinishPublished(home, product => Workshop(home, product).Role);
        foreach (RequestRecord expired in RequestCleaning.Expire(home, host.Clock.GetUtcNow()))
        {
            await host.Error.WriteLineAsync($"request {expired.Id} ({expired.Subject}) has expired");
        }

        RequestCleaning.Sweep(home);
        foreach (RequestRecord complete in home.Requests.Open().Where(record => record.State == RequestState.AwaitingContent && new ContentFolder(folder, record).Missing().Count == 0))
        {
            // All was sent, and the process was killed before it wrote that down.
            _ = home.Requests.Move(complete, complete with { State = RequestState.Preparing }, RequestCleaning.Actor);
        }

        return [.. home.Requests.Open().Where(static record => record.State == RequestState.Preparing)];
    }

    private async Task PrepareAsync(RequestRecord record, CancellationToken cancellation)
    {
        ReleaseRequest request = record.Request;
        ReleaseDraft draft = ReleaseDraft.Of(folder, request.Product, request.Version), staged = ReleaseDraft.Stage(folder);
        try
        {
            List<PreparedImage> images = [];
            byte[]? sbom = null;
            if (!draft.IsOf(record.Id))
            {
                staged.Create();
                ProductSettings product = folder.ReadSettings().Product(request.Product);
                ContentFolder content = new(folder, record);
                foreach ((int index, RequestedFile image) in request.Images.Index())
                {
                    images.Add(ReleaseAuthoring.Prepare(content.PathOf(image), index, product, staged, new Progress(_progress, record.Id), cancellation));
                }

                sbom = request.Sbom is { } bill ? await File.ReadAllBytesAsync(content.PathOf(bill), cancellation) : null;
                DemandAnnounced(request, images, sbom);
                staged.MarkAs(record.Id);
            }

            using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
            if (home.Requests.Get(record.Id) is { State: RequestState.Preparing } waiting)
            {
                SignedEnvelope envelope = draft.IsOf(record.Id) ? draft.ReadEnvelope() : Author(Workshop(home, request.Product), request, images, sbom, staged);
                _ = home.Requests.Move(waiting, waiting with { State = RequestState.Pending, ManifestDigest = envelope.ClaimedDigest.ToString() }, RequestCleaning.Actor);
            }
        }
        finally
        {
            staged.Delete();
        }
    }

    private static SignedEnvelope Author(ReleaseWorkshop workshop, ReleaseRequest request, List<PreparedImage> images, byte[]? sbom, ReleaseDraft staged)
    {
        if (request.Kind == RequestKind.Reissue)
        {
            return ReleaseAuthoring.Reissue(workshop, request.Version, request.GateOverride, staged);
        }

        ComponentImages components = images is [var a, var b] ? new ComponentImages.PerSlot(a.Content, b.Content) : new ComponentImages.ForBothSlots(images[0].Content);
        return ReleaseAuthoring.Create(workshop, components, request.Version, request.Security, new ReleaseWording(request.InstallableFrom, request.GateOverride, request.Text, sbom), staged);
    }

    /// <summary>What was compressed is what was announced: a disk can fail between the two readings.</summary>
    private static void DemandAnnounced(ReleaseRequest request, List<PreparedImage> images, byte[]? sbom)
    {
        IEnumerable<Sha256Digest> read = images.Select(static image => image.Content.ImageDigest).Concat(sbom is null ? [] : [Sha256Digest.Of(sbom)]);
        foreach ((RequestedFile wanted, Sha256Digest got) in request.Contents.Zip(read))
        {
            if (got != wanted.Digest)
            {
                throw new ContentChangedException($"{wanted.Name}: wanted digest {wanted.Digest}, got {got} when it was read again: it has to be sent again");
            }
        }
    }

    private ReleaseWorkshop Workshop(SignerHome home, ProductName product)
    {
        keys.DemandBelowThresholds(home.Settings);
        return new ReleaseWorkshop(home, keys.Author(home.Settings, product), product, host.Clock.GetUtcNow());
    }

    private sealed class Progress(ConcurrentDictionary<string, (int Done, int All)> all, string id) : IProgress<(int Done, int All)>
    {
        public void Report((int Done, int All) value) => all[id] = value;
    }
}

/// <summary>A file that was sent is not what it was when it was taken: the disk failed, or somebody changed it.</summary>
internal sealed class ContentChangedException(string message) : Exception(message);
