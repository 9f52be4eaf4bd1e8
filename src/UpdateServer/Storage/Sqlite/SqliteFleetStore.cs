using Dapper;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IFleetStore"/>
internal sealed class SqliteFleetStore(SqliteDatabase database) : IFleetStore
{
    public (IReadOnlyList<DeviceRecord> Devices, IReadOnlyList<RolloutState> Rollouts) Load()
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
                   abort_after_failures AS AbortAfterFailures, member_key AS MemberKey, status, stage, reason
            FROM rollouts ORDER BY number
            """,
            transaction: transaction);
        ILookup<long, StageRow> stages = connection.Query<StageRow>("SELECT rollout, stage, name, count FROM rollout_stages", transaction: transaction).ToLookup(static r => r.Rollout);
        ILookup<long, MemberRow> members = connection.Query<MemberRow>("SELECT rollout, device, stage, status, deferral FROM rollout_members", transaction: transaction).ToLookup(static r => r.Rollout);
        return ([.. devices.Select(static d => d.ToRecord())], [.. rollouts.Select(r => r.ToState(stages[r.Number], members[r.Number]))]);
    }

    public void Save(FleetChange change) => database.Write((connection, transaction) =>
    {
        if (change.Device is { } device)
        {
            SaveDevice(connection, transaction, device, change.Evidence);
        }

        foreach (RolloutStep step in change.Rollouts)
        {
            SaveRollout(connection, transaction, step);
        }
    });

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
              key_id = excluded.key_id, version = excluded.version, slot = excluded.slot, floor = excluded.floor, state = excluded.state, manifest_digest = excluded.manifest_digest,
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

    private static void SaveRollout(SqliteConnection connection, SqliteTransaction transaction, RolloutStep step)
    {
        RolloutPlan plan = step.State.Plan;
        long number = RolloutRow.NumberOf(plan);
        int known = connection.Execute("UPDATE rollouts SET status = @Status, stage = @Stage, reason = @Reason WHERE number = @Number", RolloutRow.From(step.State), transaction);
        if (known == 0)
        {
            connection.Execute(
                """
                INSERT INTO rollouts (number, product, version, target, manifest_digest, security_version, abort_after_failures, member_key, status, stage, reason)
                VALUES (@Number, @Product, @Version, @Target, @ManifestDigest, @SecurityVersion, @AbortAfterFailures, @MemberKey, @Status, @Stage, @Reason)
                """,
                RolloutRow.From(step.State),
                transaction);
            connection.Execute(
                "INSERT INTO rollout_stages (rollout, stage, name, count) VALUES (@Rollout, @Stage, @Name, @Count)",
                plan.Stages.Select((s, i) => new StageRow { Rollout = number, Stage = i, Name = s.Name, Count = s.Count }),
                transaction);
        }

        connection.Execute(
            """
            INSERT INTO rollout_members (rollout, device, stage, status, deferral) VALUES (@Rollout, @Device, @Stage, @Status, @Deferral)
            ON CONFLICT (rollout, device) DO UPDATE SET status = excluded.status, deferral = excluded.deferral
            """,
            step.Changed.Select(m => new MemberRow { Rollout = number, Device = m.Device.ToString(), Stage = m.Stage, Status = m.Status.ToString(), Deferral = m.Deferral }),
            transaction);
    }
}
