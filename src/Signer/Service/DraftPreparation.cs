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

    /// <summary>Prepares all that wait.</summary>
    /// <exception cref="IOException">The disk failed; the request waits on. So it does for what a token throws.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (RequestRecord record in await WaitingAsync(cancellation))
        {
            try
            {
                await PrepareAsync(record, cancellation);
            }
            catch (Exception e) when (e is SignerRefusalException or RejectedException)
            {
                using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
                if (home.Requests.Get(record.Id) is { State: RequestState.Preparing } failed)
                {
                    RequestCleaning.Remove(folder, home.Requests.Move(failed, failed with { State = RequestState.Failed, Outcome = e.Message }));
                }
            }
            finally
            {
                _ = _progress.TryRemove(record.Id, out _);
            }
        }
    }

    private async Task<IReadOnlyList<RequestRecord>> WaitingAsync(CancellationToken cancellation)
    {
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        DateTimeOffset now = host.Clock.GetUtcNow();
        foreach (RequestRecord expired in RequestCleaning.Expire(home, now))
        {
            await host.Error.WriteLineAsync($"request {expired.Id} ({expired.Subject}) has expired");
        }

        RequestCleaning.FinishPublished(home, record => IsInForce(Workshop(home, record.Request.Product), record));
        foreach (RequestRecord complete in home.Requests.Open().Where(record => record.State == RequestState.AwaitingContent && new ContentFolder(folder, record).Missing().Count == 0))
        {
            // All was sent, and the process was killed before it wrote that down.
            _ = home.Requests.Move(complete, complete with { State = RequestState.Preparing });
        }

        return [.. home.Requests.Open().Where(static record => record.State == RequestState.Preparing)];
    }

    private static bool IsInForce(ReleaseWorkshop workshop, RequestRecord record)
    {
        bool isListed = workshop.Role.Lists(record.Request.Version);
        return record.Request.Kind == RequestKind.Withdrawal
            ? !isListed
            : isListed && string.Equals(workshop.Role.Release(record.Request.Version).Digest.ToString(), record.ManifestDigest, StringComparison.Ordinal);
    }

    private async Task PrepareAsync(RequestRecord record, CancellationToken cancellation)
    {
        ReleaseRequest request = record.Request;
        ReleaseDraft draft = ReleaseDraft.Of(folder, request.Product, request.Version), staged = ReleaseDraft.Stage(folder);
        try
        {
            List<PreparedImage> images = [];
            if (!draft.IsOf(record.Id))
            {
                staged.Create();
                ProductSettings product = folder.ReadSettings().Product(request.Product);
                ContentFolder content = new(folder, record);
                foreach ((int index, RequestedFile image) in request.Images.Index())
                {
                    images.Add(ReleaseAuthoring.Prepare(content.PathOf(image), index, product, staged, new Progress(_progress, record.Id), cancellation));
                }

                DemandAnnounced(request, images);
                staged.MarkAs(record.Id);
            }

            using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
            if (home.Requests.Get(record.Id) is { State: RequestState.Preparing } waiting)
            {
                SignedEnvelope envelope = draft.IsOf(record.Id) ? draft.ReadEnvelope() : Author(Workshop(home, request.Product), request, images, staged);
                _ = home.Requests.Move(waiting, waiting with { State = RequestState.Pending, ManifestDigest = envelope.ClaimedDigest.ToString() });
            }
        }
        finally
        {
            staged.Delete();
        }
    }

    private static SignedEnvelope Author(ReleaseWorkshop workshop, ReleaseRequest request, List<PreparedImage> images, ReleaseDraft staged)
    {
        if (request.Kind == RequestKind.Reissue)
        {
            return ReleaseAuthoring.Reissue(workshop, request.Version, request.GateOverride, staged);
        }

        ComponentImages components = images is [var a, var b] ? new ComponentImages.PerSlot(a.Content, b.Content) : new ComponentImages.ForBothSlots(images[0].Content);
        return ReleaseAuthoring.Create(workshop, components, request.Version, request.Security, new ReleaseWording(request.InstallableFrom, request.GateOverride, request.Text), staged);
    }

    /// <summary>What was compressed is what was announced: a disk can fail between the two readings.</summary>
    private static void DemandAnnounced(ReleaseRequest request, List<PreparedImage> images)
    {
        foreach ((RequestedFile wanted, PreparedImage got) in request.Images.Zip(images))
        {
            if (got.Content.ImageDigest != wanted.Digest)
            {
                throw new IOException($"{wanted.Name}: wanted digest {wanted.Digest}, got {got.Content.ImageDigest} when it was read again");
            }
        }
    }

    private ReleaseWorkshop Workshop(SignerHome home, ProductName product) => new(home, keys.Author(home.Settings, product), product, host.Clock.GetUtcNow());

    private sealed class Progress(ConcurrentDictionary<string, (int Done, int All)> all, string id) : IProgress<(int Done, int All)>
    {
        public void Report((int Done, int All) value) => all[id] = value;
    }
}
