using Fota.Signer.Home;
using Fota.Signer.Requests;
using Fota.Signer.Service;

namespace Fota.Signer.Api;

/// <summary>A request as people and programs see it.</summary>
/// <param name="Id">SHA-256 of the request.</param>
/// <param name="State">How far it came.</param>
/// <param name="Request">What was asked.</param>
/// <param name="Submitter">Who asked.</param>
/// <param name="Created">When.</param>
/// <param name="Expires">Until when it has to be published.</param>
/// <param name="Missing">The files that are still to be sent.</param>
/// <param name="ManifestDigest">What there is to approve.</param>
/// <param name="Approver">Who approved or rejected it.</param>
/// <param name="Outcome">Why it ended.</param>
/// <param name="ChunksDone">While it is compressed: chunks done.</param>
/// <param name="ChunksAll">While it is compressed: chunks in all.</param>
internal sealed record RequestView(
    string Id,
    string State,
    RequestDocument Request,
    string Submitter,
    DateTimeOffset Created,
    DateTimeOffset Expires,
    IReadOnlyList<string> Missing,
    string? ManifestDigest,
    string? Approver,
    string? Outcome,
    int? ChunksDone,
    int? ChunksAll)
{
    /// <summary>How a record is shown now.</summary>
    public static RequestView Of(RequestRecord record, HomeFolder folder, DraftPreparation preparation)
    {
        (int Done, int All)? progress = preparation.ProgressOf(record.Id);
        return new RequestView(
            record.Id,
            RequestNames.Of(record.State),
            record.Request.Document,
            record.Submitter,
            record.Created,
            record.Expires,
            record.State == RequestState.AwaitingContent ? [.. new ContentFolder(folder, record).Missing().Select(static file => file.Name)] : [],
            record.ManifestDigest,
            record.Approver,
            record.Outcome,
            progress?.Done,
            progress?.All);
    }
}

/// <summary>Why a request is rejected or taken back.</summary>
/// <param name="Reason">For people: one line.</param>
internal sealed record ReasonDocument(string Reason);
