using System.Collections.Frozen;
using Dapper;
using Fota.Manifest;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IReleaseStore"/>
internal sealed class SqliteReleaseStore(SqliteDatabase database) : IReleaseStore
{
    public Publication Load()
    {
        using SqliteConnection connection = database.Open();
        using SqliteTransaction transaction = connection.BeginTransaction();
        PublicationRow publication = connection.QuerySingle<PublicationRow>("SELECT generation, timestamp_version AS timestampVersion FROM publication", transaction: transaction);
        FrozenDictionary<string, PublishedFile> files = connection.Query<FileRow>("SELECT path, sha256, length FROM published_files", transaction: transaction)
            .ToFrozenDictionary(static r => r.Path, static r => new PublishedFile(Sha256Digest.Parse(r.Sha256), r.Length), StringComparer.Ordinal);
        IEnumerable<ReleaseRow> releases = connection.Query<ReleaseRow>(
            """
            SELECT target, product, version, manifest_digest AS manifestDigest, sequence, security_version AS securityVersion, image_size AS imageSize, pack_size AS packSize, gate_override AS gateOverride
            FROM releases
            """,
            transaction: transaction);
        return new Publication(publication.Generation, publication.TimestampVersion, files, [.. releases.Select(static r => r.ToRelease())]);
    }

    /// <summary>One server holds the data folder, so that there is nobody to wait for.</summary>
    public ValueTask<IPublicationTurn> HoldAsync(CancellationToken cancellation) => ValueTask.FromResult<IPublicationTurn>(new Turn(database));

    private static void Commit(SqliteDatabase database, Publication before, Publication after, Publishing source) => database.Write((connection, transaction) =>
    {
        int moved = connection.Execute(
            "UPDATE publication SET generation = @Generation, timestamp_version = @TimestampVersion WHERE generation = @Expected",
            new { after.Generation, after.TimestampVersion, Expected = before.Generation },
            transaction);
        if (moved != 1)
        {
            throw new InvalidOperationException($"publication {before.Generation} is not the one in force any more");
        }

        connection.Execute(
            "INSERT INTO published_files (path, sha256, length) VALUES (@Path, @Sha256, @Length) ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, length = excluded.length",
            after.Files.Where(f => !before.Files.TryGetValue(f.Key, out PublishedFile? old) || old != f.Value)
                .Select(static f => new FileRow(f.Key, f.Value.Digest.ToString(), f.Value.Length)),
            transaction);
        connection.Execute("DELETE FROM releases", transaction: transaction);
        connection.Execute(
            """
            INSERT INTO releases (target, product, version, manifest_digest, sequence, security_version, image_size, pack_size, gate_override)
            VALUES (@Target, @Product, @Version, @ManifestDigest, @Sequence, @SecurityVersion, @ImageSize, @PackSize, @GateOverride)
            """,
            after.Releases.Select(ReleaseRow.From),
            transaction);
        SqliteAuditStore.Append(connection, transaction, OtherEntries.Of(before, after, source));
    });

    /// <summary>Nobody takes it away.</summary>
    private sealed class Turn(SqliteDatabase database) : IPublicationTurn
    {
        public void Demand()
        {
        }

        public void Commit(Publication before, Publication after, Publishing source) => SqliteReleaseStore.Commit(database, before, after, source);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
