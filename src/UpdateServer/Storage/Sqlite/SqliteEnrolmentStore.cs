using Dapper;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IEnrolmentStore"/>
internal sealed class SqliteEnrolmentStore(SqliteDatabase database) : IEnrolmentStore
{
    private const string Columns =
        "SELECT device, product, key_id AS KeyId, request_digest AS RequestDigest, request, received, state, answered, certificate, detail FROM enrolments";

    public EnrolmentRecord? Find(DeviceId device) => Query($"{Columns} WHERE device = @device", new { device = device.ToString() }).SingleOrDefault();

    public EnrolmentRecord? Find(Sha256Digest request) => Query($"{Columns} WHERE request_digest = @digest", new { digest = request.ToString() }).SingleOrDefault();

    public IReadOnlyList<EnrolmentRecord> Waiting(int most) =>
        Query($"{Columns} WHERE state = @state ORDER BY received, device LIMIT @most", new { state = nameof(EnrolmentState.Waiting), most });

    public void Save(EnrolmentRecord enrolment) => database.Write((connection, transaction) => connection.Execute(
        """
        INSERT INTO enrolments (device, product, key_id, request_digest, request, received, state, answered, certificate, detail)
        VALUES (@Device, @Product, @KeyId, @RequestDigest, @Request, @Received, @State, @Answered, @Certificate, @Detail)
        ON CONFLICT (device) DO UPDATE SET
          product = excluded.product, key_id = excluded.key_id, request_digest = excluded.request_digest, request = excluded.request, received = excluded.received,
          state = excluded.state, answered = excluded.answered, certificate = excluded.certificate, detail = excluded.detail
        """,
        EnrolmentRow.From(enrolment),
        transaction));

    private List<EnrolmentRecord> Query(string sql, object parameters)
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<EnrolmentRow>(sql, parameters).Select(static r => r.ToRecord())];
    }

    private sealed class EnrolmentRow
    {
        public required string Device { get; init; }

        public required string Product { get; init; }

        public required string KeyId { get; init; }

        public required string RequestDigest { get; init; }

        public required byte[] Request { get; init; }

        public required long Received { get; init; }

        public required string State { get; init; }

        public long? Answered { get; init; }

        public byte[]? Certificate { get; init; }

        public string? Detail { get; init; }

        public static EnrolmentRow From(EnrolmentRecord e) => new()
        {
            Device = e.Device.ToString(),
            Product = e.Product.ToString(),
            KeyId = e.Key.ToString(),
            RequestDigest = e.RequestDigest.ToString(),
            Request = e.Request.ToArray(),
            Received = e.Received.ToUnixTimeMilliseconds(),
            State = e.State.ToString(),
            Answered = e.Answered?.ToUnixTimeMilliseconds(),
            Certificate = e.Certificate?.ToArray(),
            Detail = e.Detail,
        };

        public EnrolmentRecord ToRecord() => new()
        {
            Device = DeviceId.Parse(Device),
            Product = ProductName.Parse(Product),
            Key = new KeyId(Sha256Digest.Parse(KeyId)),
            RequestDigest = Sha256Digest.Parse(RequestDigest),
            Request = Request,
            Received = DateTimeOffset.FromUnixTimeMilliseconds(Received),
            State = Enum.Parse<EnrolmentState>(State),
            Answered = Answered is { } answered ? DateTimeOffset.FromUnixTimeMilliseconds(answered) : null,
            Certificate = Certificate is null ? null : new ReadOnlyMemory<byte>(Certificate),
            Detail = Detail,
        };
    }
}
