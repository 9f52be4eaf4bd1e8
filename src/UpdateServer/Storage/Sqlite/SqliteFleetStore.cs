using Dapper;
using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IFleetStore"/>
internal sealed class SqliteFleetStore(SqliteDatabase database, AtRestKeys keys) : IFleetStore
{
    public FleetNews Load()
    {
        using SqliteConnection connection = database.Open();
        using SqliteTransaction transaction = connection.BeginTransaction();
        IEnumerable<DeviceRow> devices = connection.Query<DeviceRow>(
            """
            SELECT device, product, key_id AS KeyId, version, slot, floor, state, manifest_digest AS ManifestDigest, confirmed_digest AS ConfirmedDigest, deployment, reason, detail,
                   ordinal, nonce, last_seen AS LastSeen
            FROM devices
            """,
            transaction: transaction);
        IEnumerable<RolloutRow> rollouts = connection.Query<RolloutRow>(
            """
            SELECT number, product, version, target, manifest_digest AS ManifestDigest, security_version AS SecurityVersion,
                   abort_after_failures AS AbortAfterFailures, member_key AS MemberKey, member_key_sealed AS MemberKeySealed, status, stage, reason, plan, author, approved_by AS ApprovedBy, approved_at AS ApprovedAt,
                   approved_manifest AS ApprovedManifest, approved_plan AS ApprovedPlan, clock, ramp_since AS RampSince, good_since AS GoodSince,
                   evaluated_at AS EvaluatedAt, stalled
            FROM rollouts ORDER BY number
            """,
            transaction: transaction);
        IEnumerable<StageRow> stages = connection.Query<StageRow>("SELECT rollout, stage, name, count FROM rollout_stages", transaction: transaction);
        IEnumerable<MemberRow> members = connection.Query<MemberRow>(
            "SELECT rollout, device, stage, status, deferral, evidence, serial, retries, via, passed, silent, has_left AS HasLeft, granted_at AS GrantedAt, heard_at AS HeardAt FROM rollout_members",
            transaction: transaction);
        IEnumerable<WayRow> ways = connection.Query<WayRow>(
            "SELECT rollout, version, target, manifest_digest AS ManifestDigest, security_version AS SecurityVersion FROM rollout_ways",
            transaction: transaction);
        long generation = connection.QuerySingle<long>("SELECT generation FROM publication", transaction: transaction);
        return new FleetNews(0, [.. devices.Select(static d => d.ToRecord())], SqliteTraits.Load(connection, transaction), RolloutNewsRows.Join(rollouts, stages, ways, members, keys))
        {
            Generation = generation,
            ShutOut = SqliteRevocationStore.Names(connection, transaction),
        };
    }

    /// <summary>Nothing but what others than this store keep: one server holds the data folder, and knows what it changed.</summary>
    public FleetNews ReadSince(long number)
    {
        using SqliteConnection connection = database.Open();
        return Nothing(number, connection, null);
    }

    public long Change(long known, Func<FleetNews, FleetChange?> decide)
    {
        using SqliteConnection connection = database.Open();
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        if (decide(Nothing(known, connection, transaction)) is not { } change)
        {
            return known;
        }

        Save(connection, transaction, change);
        transaction.Commit();
        return known + 1;
    }

    private static FleetNews Nothing(long number, SqliteConnection connection, SqliteTransaction? transaction) =>
        new(number, [], [], [])
        {
            Generation = connection.QuerySingle<long>("SELECT generation FROM publication", transaction: transaction),
            ShutOut = SqliteRevocationStore.Names(connection, transaction),
        };

    private void Save(SqliteConnection connection, SqliteTransaction transaction, FleetChange change)
    {
        if (change.Device is { } device)
        {
            SaveDevice(connection, transaction, device, change.Evidence);
        }

        if (change.Description?.After is { } traits)
        {
            SqliteTraits.Save(connection, transaction, traits);
        }

        connection.Execute(
            "UPDATE devices SET ordinal = @Ordinal, nonce = @Nonce, last_seen = max(last_seen, @At) WHERE device = @Device AND key_id = @Key AND ordinal <= @Ordinal",
            change.Seen.Select(static s => new { Device = s.Device.ToString(), Key = s.Key.ToString(), s.Ordinal, Nonce = s.Nonce.ToArray(), At = s.At.ToUnixTimeMilliseconds() }),
            transaction);
        foreach (RolloutStep step in change.Rollouts)
        {
            SaveRollout(connection, transaction, step);
        }

        SqliteAuditStore.Append(connection, transaction, [.. FleetEntries.Of(change), .. SqliteAlarmStore.Apply(connection, transaction, change.Alarms)]);
    }

    private static void SaveDevice(SqliteConnection connection, SqliteTransaction transaction, DeviceRecord device, byte[]? evidence)
    {
        DeviceRow row = DeviceRow.From(device);
        connection.Execute(
            """
            INSERT INTO devices
              (device, product, key_id, version, slot, floor, state, manifest_digest, confirmed_digest, deployment, reason, detail, ordinal, nonce, last_seen)
            VALUES
              (@Device, @Product, @KeyId, @Version, @Slot, @Floor, @State, @ManifestDigest, @ConfirmedDigest, @Deployment, @Reason, @Detail, @Ordinal, @Nonce, @LastSeen)
            ON CONFLICT (device) DO UPDATE SET
              product = excluded.product, key_id = excluded.key_id, version = excluded.version, slot = excluded.slot, floor = excluded.floor, state = excluded.state, manifest_digest = excluded.manifest_digest,
              confirmed_digest = excluded.confirmed_digest, deployment = excluded.deployment, reason = excluded.reason, detail = excluded.detail,
              ordinal = excluded.ordinal, nonce = excluded.nonce, last_seen = excluded.last_seen
            """,
            row,
            transaction);
        if (evidence is not null)
        {
            connection.Execute(
                "INSERT INTO reports (device, key_id, ordinal, deployment, state, signed, received) VALUES (@Device, @KeyId, @Ordinal, @Deployment, @State, @Signed, @LastSeen)",
                new { row.Device, row.KeyId, row.Ordinal, row.Deployment, row.State, Signed = evidence, row.LastSeen },
                transaction);
        }
    }

    private void SaveRollout(SqliteConnection connection, SqliteTransaction transaction, RolloutStep step)
    {
        RolloutState state = step.State;
        long number = RolloutRow.NumberOf(state.Plan);
        RolloutRow row = RolloutRow.From(state);
        int changed = connection.Execute(
            """
            UPDATE rollouts SET
              product = @Product, version = @Version, target = @Target, manifest_digest = @ManifestDigest, security_version = @SecurityVersion, abort_after_failures = @AbortAfterFailures,
              status = @Status, stage = @Stage, reason = @Reason, plan = @Plan, author = @Author, approved_by = @ApprovedBy, approved_at = @ApprovedAt, approved_manifest = @ApprovedManifest,
              approved_plan = @ApprovedPlan, clock = @Clock, ramp_since = @RampSince, good_since = @GoodSince, evaluated_at = @EvaluatedAt, stalled = @Stalled
            WHERE number = @Number
            """,
            row,
            transaction);
        if (changed == 0)
        {
            connection.Execute(
                """
                INSERT INTO rollouts
                  (number, product, version, target, manifest_digest, security_version, abort_after_failures, member_key, member_key_sealed, status, stage, reason,
                   plan, author, approved_by, approved_at, approved_manifest, approved_plan, clock, ramp_since, good_since, evaluated_at, stalled)
                VALUES
                  (@Number, @Product, @Version, @Target, @ManifestDigest, @SecurityVersion, @AbortAfterFailures, @MemberKey, @MemberKeySealed, @Status, @Stage, @Reason,
                   @Plan, @Author, @ApprovedBy, @ApprovedAt, @ApprovedManifest, @ApprovedPlan, @Clock, @RampSince, @GoodSince, @EvaluatedAt, @Stalled)
                """,
                row.WithKey(state.Plan.Key.Span, keys),
                transaction);
        }

        if (state.Status == RolloutStatus.Draft)
        {
            connection.Execute("DELETE FROM rollout_ways WHERE rollout = @number", new { number }, transaction);
            connection.Execute(
                """
                INSERT INTO rollout_ways (rollout, version, target, manifest_digest, security_version)
                VALUES (@Rollout, @Version, @Target, @ManifestDigest, @SecurityVersion)
                """,
                state.Plan.PassThrough.Select(r => WayRow.From(number, r)),
                transaction);
        }

        connection.Execute(
            """
            INSERT INTO rollout_members (rollout, device, stage, status, deferral, evidence, serial, retries, via, passed, silent, has_left, granted_at, heard_at)
            VALUES (@Rollout, @Device, @Stage, @Status, @Deferral, @Evidence, @Serial, @Retries, @Via, @Passed, @Silent, @HasLeft, @GrantedAt, @HeardAt)
            ON CONFLICT (rollout, device) DO UPDATE SET
              stage = excluded.stage, evidence = excluded.evidence, status = excluded.status, deferral = excluded.deferral, serial = excluded.serial, retries = excluded.retries, via = excluded.via, passed = excluded.passed, silent = excluded.silent, has_left = excluded.has_left,
              granted_at = excluded.granted_at, heard_at = excluded.heard_at
            """,
            step.Changed.Select(m => MemberRow.From(number, m)),
            transaction);
        SqliteDecisionStore.Save(connection, transaction, number, step.Decisions);
    }
}
