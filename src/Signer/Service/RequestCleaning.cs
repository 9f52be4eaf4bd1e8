using Fota.Manifest;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Repository;
using Fota.Signer.Requests;

namespace Fota.Signer.Service;

/// <summary>Brings what lies on disk and what the requests say together, at the start and again and again. Under the home's lock.</summary>
internal static class RequestCleaning
{
    /// <summary>Who does what time or a restart brings about, in the log.</summary>
    public const string Actor = "service";

    /// <summary>Removes the files of a request that has ended; its row stays. A draft that somebody else made of the version is theirs.</summary>
    public static void Remove(HomeFolder folder, RequestRecord record)
    {
        if (ReleaseDraft.Of(folder, record.Request.Product, record.Request.Version) is var draft && draft.IsOf(record.Id))
        {
            draft.Delete();
        }

        new ReleaseDraft(folder.WithdrawalOf(record.Request.Product, record.Request.Version)).Delete();
        new ContentFolder(folder, record).Delete();
    }

    /// <summary>Whether the repository is already as the request asks, whoever made it so.</summary>
    public static bool IsInForce(ProductRole role, RequestRecord record)
    {
        bool isListed = role.Lists(record.Request.Version);
        return record.Request.Kind == RequestKind.Withdrawal
            ? !isListed
            : isListed && string.Equals(role.Release(record.Request.Version).Digest.ToString(), record.ManifestDigest, StringComparison.Ordinal);
    }

    /// <summary>Says of requests that they were published, where that was installed and not written down: the process was killed, or another one did it (A48).</summary>
    public static void FinishPublished(SignerHome home, Func<ProductName, ProductRole> roleOf)
    {
        foreach (RequestRecord record in home.Requests.Open().Where(static record => record.State is RequestState.Pending or RequestState.Approved))
        {
            try
            {
                _ = FinishIfInForce(home, roleOf(record.Request.Product), record);
            }
            catch (SignerRefusalException)
            {
                // A product whose key the service has no more: its requests wait, and expire.
                continue;
            }
        }
    }

    /// <summary>The request as published, if it is in force; null if it is not.</summary>
    public static RequestRecord? FinishIfInForce(SignerHome home, ProductRole role, RequestRecord record)
    {
        if (record.State is not (RequestState.Pending or RequestState.Approved) || !IsInForce(role, record))
        {
            return null;
        }

        new ContentFolder(home.Folder, record).Delete();
        return home.Requests.Move(record, record with { State = RequestState.Published }, Actor);
    }

    /// <summary>Ends the requests whose time is over.</summary>
    /// <returns>Those that it ended.</returns>
    public static IReadOnlyList<RequestRecord> Expire(SignerHome home, DateTimeOffset now) => [.. home.Requests.Open().Where(record => record.Expires <= now).Select(record => Expire(home, record))];

    /// <summary>Ends a request whose time is over.</summary>
    public static RequestRecord Expire(SignerHome home, RequestRecord record)
    {
        RequestRecord expired = home.Requests.Move(record, record with { State = RequestState.Expired, Outcome = $"not published before {record.Expires:u}" }, Actor);
        Remove(home.Folder, expired);
        return expired;
    }

    /// <summary>Puts drafts in their place that were signed for requests by a process that was killed then; those of requests that have ended go.</summary>
    public static void TakeUpDrafts(SignerHome home)
    {
        foreach (ReleaseDraft staged in ReleaseDraft.Abandoned(home.Folder))
        {
            RequestRecord? record = home.Requests.Open().FirstOrDefault(record => record.State == RequestState.Preparing && staged.IsOf(record.Id));
            if (record is null)
            {
                staged.Delete();
            }
            else
            {
                staged.MoveTo(ReleaseDraft.Of(home.Folder, record.Request.Product, record.Request.Version));
            }
        }
    }

    /// <summary>Removes what was sent beside requests that have ended, where a process was killed before it could.</summary>
    public static void Sweep(SignerHome home)
    {
        HashSet<string> open = home.Requests.Open().Select(static record => record.Id).ToHashSet(StringComparer.Ordinal);
        foreach (string folder in Directory.Exists(home.Folder.Requests) ? Directory.GetDirectories(home.Folder.Requests) : [])
        {
            if (!open.Contains(Path.GetFileName(folder)))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
