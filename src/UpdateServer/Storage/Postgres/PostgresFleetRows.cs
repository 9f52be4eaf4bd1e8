using Dapper;
using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage.Rows;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <summary>Writes a change into its tables. Many rows are one statement, as other servers wait for the end of it.</summary>
internal static class PostgresFleetRows
{
    /// <summary>The oldest program that knows whose a name is (docs/spec/access.md, U-48), and that takes those who were let go for no success and no smaller sample (rollouts.md, O-29, O-31).</summary>
    private const int KnowsNames = 6, KnowsDepartures = 8;

    public static void Save(NpgsqlConnection connection, NpgsqlTransaction transaction, long number, FleetChange change, AtRestKeys keys)
    {
        if (change.Device is { } device)
        {
            SaveDevice(connection, transaction, number, DeviceRow.From(device), change.Evidence);
        }

        if (change.Description?.After is { } traits)
        {
            SaveTraits(connection, transaction, number, TraitRow.From(traits));
        }

        if (change.Seen.Count > 0)
        {
            SaveSeen(connection, transaction, number, [.. change.Seen]);
        }

        foreach (RolloutStep step in change.Rollouts)
        {
            SaveRollout(connection, transaction, number, step.State, keys);
            SaveMembers(connection, transaction, number, RolloutRow.NumberOf(step.State.Plan), [.. step.Changed]);
            SaveDecisions(connection, transaction, RolloutRow.NumberOf(step.State.Plan), [.. step.Decisions.Select(DecisionRow.From)]);
        }

        // Not before it matters: until then older programs can go on beside this one.
        int oldest = change.Rollouts.Any(static s => s.Changed.Any(static m => m.Status == MemberStatus.Left)) ? KnowsDepartures : change.Description?.After?.Product is not null ? KnowsNames : 0;
        if (oldest > 0)
        {
            connection.Execute("UPDATE fota_schema SET oldest_program = @oldest WHERE oldest_program < @oldest", new { oldest }, transaction);
        }

        // Last: whoever enters something waits for whoever entered something before, and holds nothing that is asked for after it.
        PostgresAuditStore.Append(connection, transaction, [.. FleetEntries.Of(change), .. PostgresAlarmStore.Apply(connection, transaction, change.Alarms)]);
    }

    private static void SaveDevice(NpgsqlConnection connection, NpgsqlTransaction transaction, long number, DeviceRow row, byte[]? evidence)
    {
        connection.Execute(
            """
            INSERT INTO devices
              (device, product, key_id, version, slot, floor, state, manifest_digest, confirmed_digest, deployment, reason, detail, ordinal, nonce, last_seen, changed)
            VALUES
              (@Device, @Product, @KeyId, @Version, @Slot, @Floor, @State, @ManifestDigest, @ConfirmedDigest, @Deployment, @Reason, @Detail, @Ordinal, @Nonce, @LastSeen, @number)
            ON CONFLICT (device) DO UPDATE SET
              product = excluded.product, key_id = excluded.key_id, version = excluded.version, slot = excluded.slot, floor = excluded.floor, state = excluded.state, manifest_digest = excluded.manifest_digest,
              confirmed_digest = excluded.confirmed_digest, deployment = excluded.deployment, reason = excluded.reason, detail = excluded.detail,
              ordinal = excluded.ordinal, nonce = excluded.nonce, last_seen = excluded.last_seen, changed = excluded.changed
            """,
            With(row, number),
            transaction);
        if (evidence is not null)
        {
            connection.Execute(
                "INSERT INTO reports (device, key_id, ordinal, deployment, state, signed, received) VALUES (@Device, @KeyId, @Ordinal, @Deployment, @State, @Signed, @LastSeen)",
                new { row.Device, row.KeyId, row.Ordinal, row.Deployment, row.State, Signed = evidence, row.LastSeen },
                transaction);
        }
    }

    private static void SaveTraits(NpgsqlConnection connection, NpgsqlTransaction transaction, long number, TraitRow row) => connection.Execute(
        """
        INSERT INTO device_traits (device, site, hardware, time_zone, tags, product, changed) VALUES (@Device, @Site, @Hardware, @TimeZone, @Tags, @Product, @number)
        ON CONFLICT (device) DO UPDATE SET site = excluded.site, hardware = excluded.hardware, time_zone = excluded.time_zone, tags = excluded.tags, product = excluded.product, changed = excluded.changed
        """,
        With(row, number),
        transaction);

    // Another server may have heard a later report meanwhile, or another key: what it wrote stays.
    private static void SaveSeen(NpgsqlConnection connection, NpgsqlTransaction transaction, long number, Sighting[] seen) => connection.Execute(
        """
        UPDATE devices d SET ordinal = s.ordinal, nonce = s.nonce, last_seen = greatest(d.last_seen, s.at), changed = @number
        FROM unnest(@Device::text[], @Key::text[], @Ordinal::bigint[], @Nonce::bytea[], @At::bigint[]) AS s (device, key_id, ordinal, nonce, at)
        WHERE d.device = s.device AND d.key_id = s.key_id AND d.ordinal <= s.ordinal
        """,
        new
        {
            number,
            Device = seen.Select(static s => s.Device.ToString()).ToArray(),
            Key = seen.Select(static s => s.Key.ToString()).ToArray(),
            Ordinal = seen.Select(static s => s.Ordinal).ToArray(),
            Nonce = seen.Select(static s => s.Nonce.ToArray()).ToArray(),
            At = seen.Select(static s => s.At.ToUnixTimeMilliseconds()).ToArray(),
        },
        transaction);

    private static void SaveRollout(NpgsqlConnection connection, NpgsqlTransaction transaction, long number, RolloutState state, AtRestKeys keys)
    {
        RolloutRow row = RolloutRow.From(state);
        int changed = connection.Execute(
            """
            UPDATE rollouts SET
              product = @Product, version = @Version, target = @Target, manifest_digest = @ManifestDigest, security_version = @SecurityVersion, abort_after_failures = @AbortAfterFailures,
              status = @Status, stage = @Stage, reason = @Reason, plan = @Plan, author = @Author, approved_by = @ApprovedBy, approved_at = @ApprovedAt, approved_manifest = @ApprovedManifest,
              approved_plan = @ApprovedPlan, clock = @Clock, ramp_since = @RampSince, good_since = @GoodSince, evaluated_at = @EvaluatedAt, stalled = @Stalled, changed = @Change
            WHERE number = @Number
            """,
            With(row, number, "Change"),
            transaction);
        if (changed == 0)
        {
            connection.Execute(
                """
                INSERT INTO rollouts
                  (number, product, version, target, manifest_digest, security_version, abort_after_failures, member_key, member_key_sealed, status, stage, reason,
                   plan, author, approved_by, approved_at, approved_manifest, approved_plan, clock, ramp_since, good_since, evaluated_at, stalled, changed)
                VALUES
                  (@Number, @Product, @Version, @Target, @ManifestDigest, @SecurityVersion, @AbortAfterFailures, @MemberKey, @MemberKeySealed, @Status, @Stage, @Reason,
                   @Plan, @Author, @ApprovedBy, @ApprovedAt, @ApprovedManifest, @ApprovedPlan, @Clock, @RampSince, @GoodSince, @EvaluatedAt, @Stalled, @Change)
                """,
                With(row.WithKey(state.Plan.Key.Span, keys), number, "Change"),
                transaction);
        }

        if (state.Status == RolloutStatus.Draft)
        {
            connection.Execute("DELETE FROM rollout_ways WHERE rollout = @Number", new { row.Number }, transaction);
            connection.Execute(
                """
                INSERT INTO rollout_ways (rollout, version, target, manifest_digest, security_version)
                VALUES (@Rollout, @Version, @Target, @ManifestDigest, @SecurityVersion)
                """,
                state.Plan.PassThrough.Select(r => WayRow.From(row.Number, r)),
                transaction);
        }
    }

    private static void SaveMembers(NpgsqlConnection connection, NpgsqlTransaction transaction, long number, long rollout, Member[] changed)
    {
        if (changed.Length == 0)
        {
            return;
        }

        MemberRow[] rows = [.. changed.Select(m => MemberRow.From(rollout, m))];
        connection.Execute(
            """
            INSERT INTO rollout_members (rollout, device, stage, status, deferral, evidence, serial, retries, via, passed, silent, has_left, granted_at, heard_at, changed)
            SELECT @rollout, m.*, @number
            FROM unnest(@Device::text[], @Stage::bigint[], @Status::text[], @Deferral::text[], @Evidence::text[], @Serial::bigint[], @Retries::bigint[], @Via::bigint[], @Passed::bigint[],
                        @Silent::bigint[], @HasLeft::bigint[], @GrantedAt::bigint[], @HeardAt::bigint[]) AS m
            ON CONFLICT (rollout, device) DO UPDATE SET
              stage = excluded.stage, evidence = excluded.evidence, status = excluded.status, deferral = excluded.deferral, serial = excluded.serial, retries = excluded.retries, via = excluded.via, passed = excluded.passed, silent = excluded.silent, has_left = excluded.has_left,
              granted_at = excluded.granted_at, heard_at = excluded.heard_at, changed = excluded.changed
            """,
            new
            {
                rollout,
                number,
                Device = rows.Select(static r => r.Device).ToArray(),
                Stage = rows.Select(static r => r.Stage).ToArray(),
                Status = rows.Select(static r => r.Status).ToArray(),
                Deferral = rows.Select(static r => r.Deferral).ToArray(),
                Evidence = rows.Select(static r => r.Evidence).ToArray(),
                Serial = rows.Select(static r => r.Serial).ToArray(),
                Retries = rows.Select(static r => r.Retries).ToArray(),
                Via = rows.Select(static r => r.Via).ToArray(),
                Passed = rows.Select(static r => r.Passed).ToArray(),
                Silent = rows.Select(static r => r.Silent).ToArray(),
                HasLeft = rows.Select(static r => r.HasLeft).ToArray(),
                GrantedAt = rows.Select(static r => r.GrantedAt).ToArray(),
                HeardAt = rows.Select(static r => r.HeardAt).ToArray(),
            },
            transaction);
    }

    private static void SaveDecisions(NpgsqlConnection connection, NpgsqlTransaction transaction, long rollout, DecisionRow[] decisions) => connection.Execute(
        "INSERT INTO rollout_decisions (rollout, at, kind, made_by, stage, why, figures) VALUES (@rollout, @At, @Kind, @MadeBy, @Stage, @Why, @Figures)",
        decisions.Select(r => new { rollout, r.At, r.Kind, r.MadeBy, r.Stage, r.Why, r.Figures }),
        transaction);

    private static DynamicParameters With(object row, long number, string name = "number")
    {
        DynamicParameters parameters = new(row);
        parameters.Add(name, number);
        return parameters;
    }
}
