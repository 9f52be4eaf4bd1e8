using System.Collections.Frozen;
using System.Data;
using Dapper;
using Fota.Manifest;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage.Rows;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IReleaseStore"/>
internal sealed class PostgresReleaseStore(PostgresDatabase database) : IReleaseStore
{
    private const long PublicationLock = 0x464F_5441_0002;

    public Publication Load() => database.Read(static (connection, transaction) =>
    {
        PublicationRow publication = connection.QuerySingle<PublicationRow>("SELECT generation, timestamp_version AS TimestampVersion FROM fleet", transaction: transaction);
        FrozenDictionary<string, PublishedFile> files = connection.Query<FileRow>("SELECT path, sha256, length FROM published_files", transaction: transaction)
            .ToFrozenDictionary(static r => r.Path, static r => new PublishedFile(Sha256Digest.Parse(r.Sha256), r.Length), StringComparer.Ordinal);
        IEnumerable<ReleaseRow> releases = connection.Query<ReleaseRow>(
            """
            SELECT target, product, version, manifest_digest AS ManifestDigest, sequence, security_version AS SecurityVersion, image_size AS ImageSize, pack_size AS PackSize,
                   gate_override AS GateOverride
            FROM releases
            """,
            transaction: transaction);
        return new Publication(publication.Generation, publication.TimestampVersion, files, [.. releases.Select(static r => r.ToRelease())]);
    });

    public async ValueTask<IPublicationTurn> HoldAsync(CancellationToken cancellation) => new Turn(database, await PostgresLock.TakeAsync(database, PublicationLock, cancellation));

    private static void Commit(PostgresDatabase database, NpgsqlConnection connection, NpgsqlTransaction transaction, Publication before, Publication after, Publishing source)
    {
        // In the order of the fleet's changes: no grant that was decided by the old publication is committed after the new one.
        int moved = connection.Execute(
            "UPDATE fleet SET changed = changed + 1, generation = @Generation, timestamp_version = @TimestampVersion WHERE generation = @Expected",
            new { after.Generation, after.TimestampVersion, Expected = before.Generation },
            transaction);
        if (moved != 1)
        {
            throw new InvalidOperationException($"publication {before.Generation} is not the one in force any more");
        }

        SaveFiles(connection, transaction, [.. after.Files.Where(f => !before.Files.TryGetValue(f.Key, out PublishedFile? old) || old != f.Value)]);
        connection.Execute("DELETE FROM releases", transaction: transaction);
        connection.Execute(
            """
            INSERT INTO releases (target, product, version, manifest_digest, sequence, security_version, image_size, pack_size, gate_override)
            VALUES (@Target, @Product, @Version, @ManifestDigest, @Sequence, @SecurityVersion, @ImageSize, @PackSize, @GateOverride)
            """,
            after.Releases.Select(ReleaseRow.From),
            transaction);
        PostgresAuditStore.Append(connection, transaction, OtherEntries.Of(before, after, source));
        database.Tell(connection, transaction, Topics.Publication);
    }

    private static void SaveFiles(NpgsqlConnection connection, NpgsqlTransaction transaction, KeyValuePair<string, PublishedFile>[] files) => connection.Execute(
        """
        INSERT INTO published_files (path, sha256, length) SELECT * FROM unnest(@Path::text[], @Sha256::text[], @Length::bigint[])
        ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, length = excluded.length
        """,
        new
        {
            Path = files.Select(static f => f.Key).ToArray(),
            Sha256 = files.Select(static f => f.Value.Digest.ToString()).ToArray(),
            Length = files.Select(static f => f.Value.Length).ToArray(),
        },
        transaction);

    /// <summary>The commit goes over the very connection that has the lock: without the one there is no other.</summary>
    private sealed class Turn(PostgresDatabase database, PostgresLock held) : IPublicationTurn
    {
        public void Demand() => held.Demand();

        public void Commit(Publication before, Publication after, Publishing source) => held.Use(connection =>
        {
            using NpgsqlTransaction transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
            PostgresReleaseStore.Commit(database, connection, transaction, before, after, source);
            PostgresDatabase.Commit(transaction);
            return after;
        });

        public ValueTask DisposeAsync() => held.DisposeAsync();
    }
}
