using Dapper;
using Fota.Manifest;
using Fota.UpdateServer.Deltas;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IDeltaStore"/>
internal sealed class SqliteDeltaStore(SqliteDatabase database) : IDeltaStore
{
    public IReadOnlyList<DeltaRecord> Load()
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<DeltaRow>("SELECT base_image AS baseImage, image, state, pack, size, failures, detail, at, maker, wanted FROM delta_packs").Select(static r => r.ToRecord())];
    }

    public void Save(DeltaRecord record) => database.Write((connection, transaction) => connection.Execute(
        """
        INSERT INTO delta_packs (base_image, image, state, pack, size, failures, detail, at, maker, wanted)
        VALUES (@BaseImage, @Image, @State, @Pack, @Size, @Failures, @Detail, @At, @Maker, @Wanted)
        ON CONFLICT (base_image, image) DO UPDATE SET
          state = excluded.state, pack = excluded.pack, size = excluded.size, failures = excluded.failures, detail = excluded.detail, at = excluded.at,
          maker = excluded.maker, wanted = excluded.wanted
        """,
        DeltaRow.From(record),
        transaction));

    public void Delete(DeltaKey key) => database.Write((connection, transaction) => connection.Execute(
        "DELETE FROM delta_packs WHERE base_image = @Base AND image = @Image",
        new { Base = key.Base.ToString(), Image = key.Image.ToString() },
        transaction));

    private sealed class DeltaRow
    {
        public required string BaseImage { get; init; }

        public required string Image { get; init; }

        public required string State { get; init; }

        public string? Pack { get; init; }

        public long? Size { get; init; }

        public required long Failures { get; init; }

        public string? Detail { get; init; }

        public required long At { get; init; }

        public required long Maker { get; init; }

        public required long Wanted { get; init; }

        public static DeltaRow From(DeltaRecord r) => new()
        {
            BaseImage = r.Key.Base.ToString(),
            Image = r.Key.Image.ToString(),
            State = r.State.ToString(),
            Pack = r.Pack?.ToString(),
            Size = r.Size,
            Failures = r.Failures,
            Detail = r.Detail,
            At = r.At.ToUnixTimeMilliseconds(),
            Maker = r.Maker,
            Wanted = r.Wanted.ToUnixTimeMilliseconds(),
        };

        public DeltaRecord ToRecord() => new(
            new DeltaKey(Sha256Digest.Parse(BaseImage), Sha256Digest.Parse(Image)),
            Enum.Parse<DeltaState>(State),
            Pack is null ? null : Sha256Digest.Parse(Pack),
            Size,
            (int)Failures,
            Detail,
            DateTimeOffset.FromUnixTimeMilliseconds(At))
        {
            Maker = (int)Maker,
            Wanted = DateTimeOffset.FromUnixTimeMilliseconds(Wanted),
        };
    }
}
