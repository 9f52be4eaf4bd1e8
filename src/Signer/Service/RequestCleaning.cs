using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Requests;

namespace Fota.Signer.Service;

/// <summary>
/// Brings what lies on disk and what the requests say together, at the start and whenever time has passed. Under the home's lock.
/// </summary>
internal static class RequestCleaning
{
    /// <summary>Removes the files of a request that has ended; its row stays.</summary>
    public static void Remove(HomeFolder folder, RequestRecord record)
    {
        ReleaseDraft.Of(folder, record.Request.Product, record.Request.Version).Delete();
        new ReleaseDraft(folder.WithdrawalOf(record.Request.Product, record.Request.Version)).Delete();
        new ContentFolder(folder, record).Delete();
    }

    /// <summary>Ends the requests whose time is over.</summary>
    /// <returns>Those that it ended.</returns>
    public static IReadOnlyList<RequestRecord> Expire(SignerHome home, DateTimeOffset now)
    {
        List<RequestRecord> ended = [];
        foreach (RequestRecord record in home.Requests.Open().Where(record => record.Expires <= now))
        {
            RequestRecord expired = home.Requests.Move(record, record with { State = RequestState.Expired, Outcome = $"not published before {record.Expires:u}" });
            Remove(home.Folder, expired);
            ended.Add(expired);
        }

        return ended;
    }

    /// <summary>Says of a request that it was published, where a process installed it and was killed before it could write that down (A48).</summary>
    public static void FinishPublished(SignerHome home, Func<RequestRecord, bool> isInForce)
    {
        foreach (RequestRecord record in home.Requests.Open().Where(record => record.State == RequestState.Approved && isInForce(record)))
        {
            new ContentFolder(home.Folder, record).Delete();
            _ = home.Requests.Move(record, record with { State = RequestState.Published });
        }
    }
}
