using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Journal;
using Fota.Signer.Log;
using Fota.Signer.Service;
using Microsoft.Data.Sqlite;

namespace Fota.Signer.Requests;

/// <summary>The requests of a home, in its journal.db: on disk before anybody is told that they were taken (A48). Under the home's lock.</summary>
internal sealed class RequestStore(SignerDatabase database, TimeProvider clock, SignerLog log)
{
    private const string Columns = "SELECT document, state, submitter, created, expires, manifest_digest, approver, outcome FROM request";

    /// <summary>The request with this id.</summary>
    /// <exception cref="ServiceRefusalException">There is none.</exception>
    public RequestRecord Get(string id) => Find(id) ?? throw new ServiceRefusalException(ServiceRefusal.NotFound, $"there is no request {id}");

    /// <summary>The request with this id; null if there is none.</summary>
    public RequestRecord? Find(string id) => database.Query($"{Columns} WHERE id = $0", Read, id).FirstOrDefault();

    /// <summary>The request that is on its way for a version; null if none is.</summary>
    public RequestRecord? FindOpen(ProductName product, ReleaseVersion version) =>
        database.Query($"{Columns} WHERE product = $0 AND version = $1 AND open = 1", Read, product.ToString(), version.ToString()).FirstOrDefault();

    /// <summary>All requests, the newest first.</summary>
    public IReadOnlyList<RequestRecord> All() => database.Query($"{Columns} ORDER BY number DESC", Read);

    /// <summary>Those that may go on, the oldest first.</summary>
    public IReadOnlyList<RequestRecord> Open() => database.Query($"{Columns} WHERE open = 1 ORDER BY number", Read);

    /// <summary>Takes a new request.</summary>
    public RequestRecord Add(ReleaseRequest request, string submitter, DateTimeOffset expires, RequestState state, string? manifestDigest)
    {
        RequestRecord record = new(request, state, submitter, Now(), Whole(expires), manifestDigest, null, null);
        log.AppendWith(EventOf(LogKinds.ReleaseRequested, submitter, record), () => _ = database.Execute(
            "INSERT INTO request (id, product, version, document, state, open, submitter, created, expires, manifest_digest) VALUES ($0, $1, $2, $3, $4, 1, $5, $6, $7, $8)",
            record.Id,
            request.Product.ToString(),
            request.Version.ToString(),
            System.Text.Encoding.UTF8.GetString(request.Document.ToJson()),
            RequestNames.Of(state),
            submitter,
            record.Created.ToUnixTimeMilliseconds(),
            record.Expires.ToUnixTimeMilliseconds(),
            manifestDigest));
        return record;
    }

    /// <summary>Moves a request on.</summary>
    /// <param name="from">As it was read.</param>
    /// <param name="to">As it is from now on.</param>
    /// <param name="by">By whom: a person's name, or "service".</param>
    /// <exception cref="ServiceRefusalException">It is not any more as it was read.</exception>
    public RequestRecord Move(RequestRecord from, RequestRecord to, string by)
    {
        database.InTransaction(() =>
        {
            int moved = database.Execute(
                "UPDATE request SET state = $1, open = $2, manifest_digest = $3, approver = $4, outcome = $5 WHERE id = $0 AND state = $6",
                from.Id,
                RequestNames.Of(to.State),
                to.IsOpen ? 1 : 0,
                to.ManifestDigest,
                to.Approver,
                to.Outcome,
                RequestNames.Of(from.State));
            if (moved != 1)
            {
                throw new ServiceRefusalException(ServiceRefusal.Conflict, $"request {from.Id}: wanted it {RequestNames.Of(from.State)}, got it {RequestNames.Of(Get(from.Id).State)}");
            }

            if (KindOf(to.State) is { } kind)
            {
                _ = log.Append(EventOf(kind, by, to));
            }
        });
        return to;
    }

    /// <summary>Enters that somebody was refused something about a request.</summary>
    public void EnterRefusal(string by, RequestRecord record, string step, string reason) =>
        _ = log.Append(new LogEvent(LogKinds.ReleaseRefused, by, SubjectOf(record), ("request", record.Id), ("step", step), ("reason", reason)));

    private static string? KindOf(RequestState state) => state switch
    {
        RequestState.Approved => LogKinds.ReleaseApproved,
        RequestState.Rejected => LogKinds.ReleaseRejected,
        RequestState.Withdrawn => LogKinds.RequestCancelled,
        RequestState.Expired => LogKinds.RequestExpired,
        RequestState.Failed => LogKinds.ReleaseRefused,
        RequestState.Published => LogKinds.RequestPublished,
        _ => null,
    };

    private static LogEvent EventOf(string kind, string by, RequestRecord record) => new(
        kind,
        by,
        SubjectOf(record),
        ("request", record.Id),
        ("request_kind", RequestNames.Of(record.Request.Kind)),
        ("submitter", record.Submitter),
        ("approver", record.Approver),
        ("manifest", record.ManifestDigest),
        ("images", record.Request.Images.Count == 0 ? null : string.Join(", ", record.Request.Images.Select(static image => $"{image.Digest} ({image.Size} bytes)"))),
        ("sbom", record.Request.Sbom?.Digest),
        ("reason", record.Outcome ?? record.Request.Reason));

    private static string SubjectOf(RequestRecord record) => $"{record.Request.Product} {record.Request.Version}";

    private static RequestRecord Read(SqliteDataReader row) => new(
        ReleaseRequest.Of(RequestDocument.Parse(row.GetString(0))),
        RequestNames.State(row.GetString(1)),
        row.GetString(2),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
        Text(row, 5),
        Text(row, 6),
        Text(row, 7));

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset Whole(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeMilliseconds(moment.ToUnixTimeMilliseconds());

    private DateTimeOffset Now() => Whole(clock.GetUtcNow());
}
