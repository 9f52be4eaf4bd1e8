using Fota.Manifest;
using Fota.Manifest.Verification;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Requests;

namespace Fota.Signer.Service;

/// <summary>
/// What people ask of the service, one thing at a time under the home's lock. Each step is decided by what lies on disk, and is on disk before it is answered: a
/// process that is killed between two steps finds them again (A48).
/// </summary>
/// <param name="host">The world outside.</param>
/// <param name="folder">The home.</param>
/// <param name="keys">The service's keys.</param>
/// <param name="patience">How long a request may take from its submission to its publication.</param>
/// <param name="openBytes">How much one person may have announced for requests that are on their way.</param>
internal sealed class ReleaseDesk(SignerHost host, HomeFolder folder, ServiceKeys keys, TimeSpan patience, long openBytes)
{
    /// <summary>As many requests as one person may have on their way.</summary>
    private const int MaxOpen = 50;

    /// <summary>Takes a request; the same one again is the one that is there.</summary>
    /// <returns>The request, and whether it is new.</returns>
    public async Task<(RequestRecord Record, bool IsNew)> SubmitAsync(Person by, ReleaseRequest request, CancellationToken cancellation)
    {
        by.Demand(PersonRole.Submitter);
        using SignerHome home = await OpenAsync(cancellation);
        ReleaseWorkshop workshop = Workshop(home, request.Product);
        if (home.Requests.Find(request.Id.ToString()) is { } known)
        {
            // One that was published answers only while it holds: a release that was withdrawn and came again can be withdrawn again. A reissue is a new one each time.
            bool holds = known.IsOpen || (known.State == RequestState.Published && known.Request.Kind != RequestKind.Reissue && RequestCleaning.IsInForce(workshop.Role, known));
            return holds
                ? (known, false)
                : throw new ServiceRefusalException(ServiceRefusal.Conflict, $"request {known.Id} was {RequestNames.Of(known.State)}{(known.Outcome is null ? "" : $" ({known.Outcome})")}: ask with a higher attempt to ask again");
        }

        if (home.Requests.FindOpen(request.Product, request.Version) is { } other)
        {
            throw new ServiceRefusalException(ServiceRefusal.Conflict, $"{request.Product} {request.Version}: wanted no request on its way, got {other.Id} ({other.Subject}, {RequestNames.Of(other.State)})");
        }

        DemandRoom(by, request, [.. home.Requests.Open().Where(record => string.Equals(record.Submitter, by.Name, StringComparison.Ordinal))]);
        string? digest = DemandPossible(workshop, request);
        RequestState state = request.Kind switch
        {
            RequestKind.Release => RequestState.AwaitingContent,
            RequestKind.Reissue => RequestState.Preparing,
            _ => RequestState.Pending,
        };
        return (home.Requests.Add(request, by.Name, host.Clock.GetUtcNow() + patience, state, digest), true);
    }

    /// <summary>Takes a file that belongs to a request. The home is not locked while bytes travel.</summary>
    public async Task<RequestRecord> TakeContentAsync(Person by, string id, string name, Stream body, CancellationToken cancellation)
    {
        by.Demand(PersonRole.Submitter);
        RequestRecord record = await GetAsync(id, cancellation);
        DemandOwn(by, record);
        RequestedFile file = record.Request.Contents.FirstOrDefault(content => string.Equals(content.Name, name, StringComparison.Ordinal))
            ?? throw new ServiceRefusalException(ServiceRefusal.NotFound, $"request {id} has no {name}; it has {string.Join(", ", record.Request.Contents.Select(static content => content.Name))}");
        if (record.State != RequestState.AwaitingContent)
        {
            return record.IsOpen ? record : throw Ended(record);
        }

        ContentFolder content = new(folder, record);
        await content.TakeAsync(file, body, cancellation);
        using SignerHome home = await OpenAsync(cancellation);
        RequestRecord now = home.Requests.Get(id);
        return now.State == RequestState.AwaitingContent && content.Missing().Count == 0
            ? home.Requests.Move(now, now with { State = RequestState.Preparing }, by.Name)
            : now;
    }

    /// <summary>Takes an approval, which is made of the approver's own signatures.</summary>
    public async Task<RequestRecord> ApproveAsync(Person by, string id, ApprovalDocument approval, CancellationToken cancellation)
    {
        by.Demand(PersonRole.Approver);
        using SignerHome home = await OpenAsync(cancellation);
        RequestRecord record = DemandState(home, id, RequestState.Pending);
        DemandDraft(record);
        if (string.Equals(record.Submitter, by.Name, StringComparison.Ordinal))
        {
            home.Requests.EnterRefusal(by.Name, record, "approve", "the author never approves");
            throw new ServiceRefusalException(ServiceRefusal.Forbidden, $"{by.Name} asked for this release, and the author never approves");
        }

        try
        {
            Accept(home, record, by, approval);
        }
        catch (Exception e) when (e is SignerRefusalException or RejectedException)
        {
            home.Requests.EnterRefusal(by.Name, record, "approve", e.Message);
            throw;
        }

        return home.Requests.Move(record, record with { State = RequestState.Approved, Approver = by.Name }, by.Name);
    }

    private void Accept(SignerHome home, RequestRecord record, Person by, ApprovalDocument approval)
    {
        ReleaseRequest request = record.Request;
        Sha256Digest digest = Sha256Digest.Parse(record.ManifestDigest!);
        ReleaseWorkshop workshop = Workshop(home, request.Product);
        if (request.Kind == RequestKind.Withdrawal)
        {
            ReleaseWithdrawal.Accept(workshop, request.Version, digest, by.ReleaseKeys, approval);
        }
        else
        {
            ApprovalIntake.AcceptRelease(workshop, request.Version, digest, by.ReleaseKeys, approval);
        }
    }

    /// <summary>Ends a request with an approver's no.</summary>
    public async Task<RequestRecord> RejectAsync(Person by, string id, string reason, CancellationToken cancellation)
    {
        by.Demand(PersonRole.Approver);
        return await EndAsync(by, id, record => record with { State = RequestState.Rejected, Approver = by.Name, Outcome = ReleaseRequest.DemandReason(reason) }, cancellation);
    }

    /// <summary>Ends a request because whoever asked does not want it any more.</summary>
    public async Task<RequestRecord> WithdrawAsync(Person by, string id, string reason, CancellationToken cancellation)
    {
        by.Demand(PersonRole.Submitter);
        return await EndAsync(
            by,
            id,
            record =>
            {
                DemandOwn(by, record);
                return record with { State = RequestState.Withdrawn, Outcome = ReleaseRequest.DemandReason(reason) };
            },
            cancellation);
    }

    /// <summary>Completes what was approved with the service's own key, and installs it.</summary>
    public async Task<RequestRecord> PublishAsync(Person by, string id, CancellationToken cancellation)
    {
        by.Demand(PersonRole.Submitter);
        using SignerHome home = await OpenAsync(cancellation);
        RequestRecord record = home.Requests.Get(id);
        if (record.State == RequestState.Published)
        {
            return record;
        }

        record = DemandState(home, id, RequestState.Approved);
        ReleaseWorkshop workshop = Workshop(home, record.Request.Product);
        if (RequestCleaning.FinishIfInForce(home, workshop.Role, record) is { } installed)
        {
            return installed;
        }

        DemandDraft(record);
        try
        {
            Publish(workshop, record);
        }
        catch (OutdatedApprovalException e)
        {
            // The repository moved on, by another release or a change of roles: there is nothing wrong with the draft.
            _ = home.Requests.Move(record, record with { State = RequestState.Pending, Approver = null }, by.Name);
            throw new ServiceRefusalException(ServiceRefusal.Conflict, e.Message, e);
        }
        catch (Exception e) when (e is SignerRefusalException or RejectedException)
        {
            home.Requests.EnterRefusal(by.Name, record, "publish", e.Message);
            throw;
        }

        new ContentFolder(folder, record).Delete();
        return home.Requests.Move(record, record with { State = RequestState.Published }, by.Name);
    }

    /// <summary>All that proves a published release, in one file (docs/spec/evidence.md).</summary>
    public async Task<ReleaseEvidence> EvidenceAsync(ProductName product, ReleaseVersion version, CancellationToken cancellation)
    {
        using SignerHome home = await OpenAsync(cancellation);
        return EvidenceMaking.Of(home, product, version, host.Clock.GetUtcNow());
    }

    /// <summary>All requests, the newest first.</summary>
    public async Task<IReadOnlyList<RequestRecord>> ListAsync(CancellationToken cancellation)
    {
        using SignerHome home = await OpenAsync(cancellation);
        return home.Requests.All();
    }

    /// <summary>One request.</summary>
    public async Task<RequestRecord> GetAsync(string id, CancellationToken cancellation)
    {
        using SignerHome home = await OpenAsync(cancellation);
        return home.Requests.Get(id);
    }

    private void DemandRoom(Person by, ReleaseRequest request, IReadOnlyList<RequestRecord> open)
    {
        if (open.Count >= MaxOpen)
        {
            throw new ServiceRefusalException(ServiceRefusal.Conflict, $"{by.Name}: wanted at most {MaxOpen} requests on their way, got one more");
        }

        long announced = open.Select(static record => record.Request).Append(request).SelectMany(static asked => asked.Contents).Sum(static file => file.Size);
        if (announced > openBytes)
        {
            throw new ServiceRefusalException(ServiceRefusal.LimitExceeded, $"{by.Name}: wanted at most {openBytes} bytes announced by requests on their way, got {announced}: publish or take back one of {open.Count}");
        }
    }

    private static void DemandOwn(Person by, RequestRecord record)
    {
        if (!string.Equals(record.Submitter, by.Name, StringComparison.Ordinal))
        {
            throw new ServiceRefusalException(ServiceRefusal.Forbidden, $"request {record.Id}: wanted its submitter {record.Submitter}, got {by.Name}");
        }
    }

    private static void Publish(ReleaseWorkshop workshop, RequestRecord record)
    {
        Sha256Digest digest = Sha256Digest.Parse(record.ManifestDigest!);
        if (record.Request.Kind == RequestKind.Withdrawal)
        {
            ReleaseWithdrawal.Complete(workshop, record.Request.Version, digest);
        }
        else
        {
            ReleasePublication.Publish(workshop, record.Request.Version, digest);
        }
    }

    /// <summary>The draft is the one that was made of this request, and none that another command put in its place.</summary>
    private void DemandDraft(RequestRecord record)
    {
        if (record.Request.Kind != RequestKind.Withdrawal && !ReleaseDraft.Of(folder, record.Request.Product, record.Request.Version).IsOf(record.Id))
        {
            throw new ServiceRefusalException(ServiceRefusal.Conflict, $"request {record.Id}: wanted the draft that was made of it, got another, or none: take the request back, and ask with a higher attempt");
        }
    }

    private RequestRecord DemandState(SignerHome home, string id, RequestState wanted)
    {
        RequestRecord record = home.Requests.Get(id);
        if (record.IsOpen && record.Expires <= host.Clock.GetUtcNow() && RequestCleaning.FinishIfInForce(home, Workshop(home, record.Request.Product).Role, record) is null)
        {
            record = RequestCleaning.Expire(home, record);
        }

        return record.State == wanted
            ? record
            : throw new ServiceRefusalException(ServiceRefusal.Conflict, $"request {id}: wanted it {RequestNames.Of(wanted)}, got it {RequestNames.Of(record.State)}");
    }

    private static ServiceRefusalException Ended(RequestRecord record) => new(ServiceRefusal.Conflict, $"request {record.Id} has ended: {RequestNames.Of(record.State)}");

    /// <summary>What can be known before anything is sent; the manifest's digest, if it is one that is published.</summary>
    private static string? DemandPossible(ReleaseWorkshop workshop, ReleaseRequest request)
    {
        bool isPublished = workshop.Role.Lists(request.Version);
        if (request.Kind == RequestKind.Release)
        {
            return isPublished ? throw new ServiceRefusalException(ServiceRefusal.Conflict, $"{request.Product} {request.Version} is published already; a reissue signs its image again") : null;
        }

        if (!isPublished)
        {
            throw new ServiceRefusalException(ServiceRefusal.Conflict, $"{request.Product} {request.Version}: wanted a published release, got none");
        }

        VerifiedManifest published = workshop.Role.Release(request.Version);
        return request.Kind == RequestKind.Withdrawal ? published.Digest.ToString() : null;
    }

    private async Task<RequestRecord> EndAsync(Person by, string id, Func<RequestRecord, RequestRecord> end, CancellationToken cancellation)
    {
        using SignerHome home = await OpenAsync(cancellation);
        RequestRecord record = home.Requests.Get(id);
        RequestRecord ended = end(record);
        if (record.State == ended.State && string.Equals(record.Outcome, ended.Outcome, StringComparison.Ordinal))
        {
            return record;
        }

        if (!record.IsOpen)
        {
            throw Ended(record);
        }

        // What devices are offered is not rejected any more, it is withdrawn.
        if (record.State is RequestState.Pending or RequestState.Approved && RequestCleaning.FinishIfInForce(home, Workshop(home, record.Request.Product).Role, record) is { } installed)
        {
            throw Ended(installed);
        }

        ended = home.Requests.Move(record, ended, by.Name);
        RequestCleaning.Remove(folder, ended);
        return ended;
    }

    private ReleaseWorkshop Workshop(SignerHome home, ProductName product)
    {
        keys.DemandBelowThresholds(home.Settings);
        return new ReleaseWorkshop(home, keys.Author(home.Settings, product), product, host.Clock.GetUtcNow());
    }

    private Task<SignerHome> OpenAsync(CancellationToken cancellation) => SignerHome.OpenAsync(folder, host, cancellation);
}
