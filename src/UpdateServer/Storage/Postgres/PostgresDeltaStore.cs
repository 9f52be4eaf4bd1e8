using Dapper;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Storage.Rows;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IDeltaStore"/>
internal sealed class PostgresDeltaStore(PostgresDatabase database) : IDeltaStore
{
    public IReadOnlyList<DeltaRecord> Load() => database.Read(static (connection, transaction) => (DeltaRecord[])[.. connection.Query<DeltaRow>(
        "SELECT base_image AS BaseImage, image, state, pack, size, failures, detail, at, maker, wanted FROM delta_packs",
        transaction: transaction).Select(static r => r.ToRecord())]);

    public void Save(DeltaRecord record) => database.Write((connection, transaction) =>
    {
        connection.Execute(
            """
            INSERT INTO delta_packs (base_image, image, state, pack, size, failures, detail, at, maker, wanted)
            VALUES (@BaseImage, @Image, @State, @Pack, @Size, @Failures, @Detail, @At, @Maker, @Wanted)
            ON CONFLICT (base_image, image) DO UPDATE SET
              state = excluded.state, pack = excluded.pack, size = excluded.size, failures = excluded.failures, detail = excluded.detail, at = excluded.at,
              maker = excluded.maker, wanted = excluded.wanted
            """,
            DeltaRow.From(record),
            transaction);
        database.Tell(connection, transaction, Topics.Deltas);
    });

    public void Delete(DeltaKey key) => database.Write((connection, transaction) =>
    {
        connection.Execute("DELETE FROM delta_packs WHERE base_image = @Base AND image = @Image", new { Base = key.Base.ToString(), Image = key.Image.ToString() }, transaction);
        database.Tell(connection, transaction, Topics.Deltas);
    });
}
