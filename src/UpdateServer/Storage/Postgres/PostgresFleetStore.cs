using Dapper;
using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Storage.Rows;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IFleetStore"/>
internal sealed class PostgresFleetStore(PostgresDatabase database, AtRestKeys keys) : IFleetStore
{
    // One statement at a time: a batch that is not asynchronous is written by a thread of the pool, and there may be none while others wait for this very change.
    private const string Devices =
        """
        SELECT device, product, key_id AS KeyId, version, slot, floor, state, manifest_digest AS ManifestDigest, confirmed_digest AS ConfirmedDigest, deployment, reason, detail,
               ordinal, nonce, last_seen AS LastSeen
        FROM devices WHERE changed > @known
        """;

    private const string Traits = "SELECT device, site, hardware, time_zone AS TimeZone, tags, product FROM device_traits WHERE changed > @known";

    private const string Rollouts =
        """
        SELECT number, product, version, target, manifest_digest AS ManifestDigest, security_version AS SecurityVersion,
               abort_after_failures AS AbortAfterFailures, member_key AS MemberKey, member_key_sealed AS MemberKeySealed, status, stage, reason, plan, author, approved_by AS ApprovedBy, approved_at AS ApprovedAt,
               approved_manifest AS ApprovedManifest, approved_plan AS ApprovedPlan, clock, ramp_since AS RampSince, good_since AS GoodSince,
               evaluated_at AS EvaluatedAt, stalled
        FROM rollouts WHERE changed > @known ORDER BY number
        """;

    private const string Ways =
        """
        SELECT w.rollout, w.version, w.target, w.manifest_digest AS ManifestDigest, w.security_version AS SecurityVersion
        FROM rollout_ways w JOIN rollouts r ON r.number = w.rollout WHERE r.changed > @known
        """;

    /// <summary>Members come by their own number: a rollout may have a hundred thousand, and only with a change of their rollout.</summary>
    private const string Members =
        """
        SELECT rollout, device, stage, status, deferral, evidence, serial, retries, via, passed, silent, has_left AS HasLeft, granted_at AS GrantedAt, heard_at AS HeardAt
        FROM rollout_members WHERE changed > @known
        """;

    /// <summary>All of them: there are few, and whoever is let in again leaves no row.</summary>
    private const string ShutOut = "SELECT device FROM device_revocations WHERE key_id = ''";

    public FleetNews Load() => ReadSince(-1);

    public FleetNews ReadSince(long number) => database.Read((connection, transaction) =>
        Read(connection, transaction, number, connection.QuerySingle<ClockRow>("SELECT changed, generation FROM fleet", transaction: transaction)));

    public long Change(long known, Func<FleetNews, FleetChange?> decide) => database.Write((connection, transaction) =>
    {
        // Waits for whoever makes a change; what is read after it is what they all have left. The row bears this change's number then, and shows it to this transaction alone.
        ClockRow clock = connection.QuerySingle<ClockRow>("UPDATE fleet SET changed = changed + 1 RETURNING changed, generation", transaction: transaction);
        if (decide(Read(connection, transaction, known, clock with { Changed = clock.Changed - 1 })) is not { } change)
        {
            return (clock.Changed - 1, false);
        }

        PostgresFleetRows.Save(connection, transaction, clock.Changed, change, keys);
        database.Tell(connection, transaction, Topics.Fleet);
        return (clock.Changed, true);
    });

    private FleetNews Read(NpgsqlConnection connection, NpgsqlTransaction transaction, long known, ClockRow clock)
    {
        if (clock.Changed == known)
        {
            return new FleetNews(known, [], [], []) { Generation = clock.Generation };
        }

        RolloutRow[] rollouts = Query<RolloutRow>(Rollouts);
        return new FleetNews(
            clock.Changed,
            [.. connection.Query<DeviceRow>(Devices, new { known }, transaction, buffered: false).Select(static r => r.ToRecord())],
            [.. Query<TraitRow>(Traits).Select(static r => r.ToTraits())],
            rollouts.Length == 0 ? [] : RolloutNewsRows.Join(rollouts, [], Query<WayRow>(Ways), Query<MemberRow>(Members), keys))
        {
            Generation = clock.Generation,
            ShutOut = [.. Query<string>(ShutOut).Select(DeviceId.Parse)],
        };

        T[] Query<T>(string sql) => [.. connection.Query<T>(sql, new { known }, transaction)];
    }

    private sealed record ClockRow(long Changed, long Generation);
}
