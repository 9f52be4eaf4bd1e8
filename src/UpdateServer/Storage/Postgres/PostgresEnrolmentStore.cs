using Dapper;
using Fota.Manifest;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IEnrolmentStore"/>
internal sealed class PostgresEnrolmentStore(PostgresDatabase database) : IEnrolmentStore
{
    private const string Columns =
        "SELECT e.device, e.product, key_id AS KeyId, request_digest AS RequestDigest, request, received, state, answered, certificate, detail FROM product_enrolments AS e";

    public EnrolmentRecord? Find(DeviceId device, ProductName product) =>
        Query($"{Columns} WHERE device = @device AND product = @product", new { device = device.ToString(), product = product.ToString() }).SingleOrDefault();

    public EnrolmentRecord? Find(Sha256Digest request) => Query($"{Columns} WHERE request_digest = @digest", new { digest = request.ToString() }).SingleOrDefault();

    public IReadOnlyList<EnrolmentRecord> Waiting(IReadOnlyList<Grant> grants, int most) => Query(
        $$"""
        {{Columns}} LEFT JOIN device_traits AS t ON t.device = e.device
        WHERE state = @state
          AND EXISTS (SELECT 1 FROM jsonb_array_elements(@grants::jsonb) AS g
                WHERE (g -> 'products' IS NULL OR jsonb_exists(g -> 'products', e.product))
                  AND (g -> 'sites' IS NULL OR jsonb_exists(g -> 'sites', t.site)))
        ORDER BY received, e.device, e.product LIMIT @most
        """,
        new { state = nameof(EnrolmentState.Waiting), grants = PersonRow.TextOf(grants), most });

    public bool Save(EnrolmentRecord enrolment, EnrolmentRecord? before, string by) => database.Write((connection, transaction) =>
    {
        DynamicParameters parameters = new(EnrolmentRow.From(enrolment));
        parameters.Add("digest", before?.RequestDigest.ToString());
        parameters.Add("was", before?.State.ToString());
        int saved = connection.Execute(
            """
            INSERT INTO product_enrolments (device, product, key_id, request_digest, request, received, state, answered, certificate, detail)
            VALUES (@Device, @Product, @KeyId, @RequestDigest, @Request, @Received, @State, @Answered, @Certificate, @Detail)
            ON CONFLICT (device, product) DO UPDATE SET
              key_id = excluded.key_id, request_digest = excluded.request_digest, request = excluded.request, received = excluded.received,
              state = excluded.state, answered = excluded.answered, certificate = excluded.certificate, detail = excluded.detail
            WHERE product_enrolments.request_digest = @digest AND product_enrolments.state = @was
            """,
            parameters,
            transaction);
        PostgresAuditStore.Append(connection, transaction, saved == 1 ? [OtherEntries.Of(enrolment, by)] : []);
        return (saved == 1, true);
    });

    private EnrolmentRecord[] Query(string sql, object parameters) =>
        database.Read((connection, transaction) => (EnrolmentRecord[])[.. connection.Query<EnrolmentRow>(sql, parameters, transaction).Select(static r => r.ToRecord())]);
}
