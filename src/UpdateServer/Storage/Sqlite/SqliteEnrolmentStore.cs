using Dapper;
using Fota.Manifest;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IEnrolmentStore"/>
internal sealed class SqliteEnrolmentStore(SqliteDatabase database) : IEnrolmentStore
{
    private const string Columns =
        "SELECT e.device, e.product, key_id AS KeyId, request_digest AS RequestDigest, request, received, state, answered, certificate, detail FROM enrolments AS e";

    public EnrolmentRecord? Find(DeviceId device, ProductName product) =>
        Query($"{Columns} WHERE device = @device AND product = @product", new { device = device.ToString(), product = product.ToString() }).SingleOrDefault();

    public EnrolmentRecord? Find(Sha256Digest request) => Query($"{Columns} WHERE request_digest = @digest", new { digest = request.ToString() }).SingleOrDefault();

    public IReadOnlyList<EnrolmentRecord> Waiting(IReadOnlyList<Grant> grants, int most) => Query(
        $$"""
        {{Columns}} LEFT JOIN device_traits AS t ON t.device = e.device
        WHERE state = @state
          AND EXISTS (SELECT 1 FROM json_each(@grants) AS g
                WHERE (g.value ->> 'products' IS NULL OR e.product IN (SELECT value FROM json_each(g.value, '$.products')))
                  AND (g.value ->> 'sites' IS NULL OR t.site IN (SELECT value FROM json_each(g.value, '$.sites'))))
        ORDER BY received, e.device, e.product LIMIT @most
        """,
        new { state = nameof(EnrolmentState.Waiting), grants = PersonRow.TextOf(grants), most });

    public bool Save(EnrolmentRecord enrolment, EnrolmentRecord? before, string by)
    {
        int saved = 0;
        DynamicParameters parameters = new(EnrolmentRow.From(enrolment));
        parameters.Add("digest", before?.RequestDigest.ToString());
        parameters.Add("was", before?.State.ToString());
        database.Write((connection, transaction) =>
        {
            saved = connection.Execute(
                """
                INSERT INTO enrolments (device, product, key_id, request_digest, request, received, state, answered, certificate, detail)
                VALUES (@Device, @Product, @KeyId, @RequestDigest, @Request, @Received, @State, @Answered, @Certificate, @Detail)
                ON CONFLICT (device, product) DO UPDATE SET
                  key_id = excluded.key_id, request_digest = excluded.request_digest, request = excluded.request, received = excluded.received,
                  state = excluded.state, answered = excluded.answered, certificate = excluded.certificate, detail = excluded.detail
                WHERE enrolments.request_digest = @digest AND enrolments.state = @was
                """,
                parameters,
                transaction);
            SqliteAuditStore.Append(connection, transaction, saved == 1 ? [OtherEntries.Of(enrolment, by)] : []);
        });
        return saved == 1;
    }

    private List<EnrolmentRecord> Query(string sql, object parameters)
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<EnrolmentRow>(sql, parameters).Select(static r => r.ToRecord())];
    }
}
