using Dapper;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IAlarmStore"/>
internal sealed class SqliteAlarmStore(SqliteDatabase database) : IAlarmStore
{
    /// <summary>Makes changes in a transaction; gives what the log is to say of those that changed anything.</summary>
    public static IReadOnlyList<AuditEvent> Apply(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyList<AlarmChange> changes) =>
        [.. changes.Where(change => AlarmRow.StatementsOf(change).FirstOrDefault(s => connection.Execute(s.Sql, AlarmRow.From(change), transaction) == 1).IsNews).Select(static change => change.ToEvent())];

    public IReadOnlyList<Alarm> Open() => Query($"{AlarmRow.Known} AND cleared IS NULL", new { });

    public IReadOnlyList<Alarm> Page(long before, int most, bool all) => Query($"{AlarmRow.Known} AND number < @before AND (@all OR cleared IS NULL) ORDER BY number DESC LIMIT @most", new { before, most, all });

    public void Apply(IReadOnlyList<AlarmChange> changes) => database.Write((connection, transaction) => SqliteAuditStore.Append(connection, transaction, Apply(connection, transaction, changes)));

    public IReadOnlyList<Watch> Watches()
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<WatchRow>(AlarmRow.Watches).Select(static r => r.ToWatch())];
    }

    public void Keep(Watch watch) => database.Write((connection, transaction) => connection.Execute(AlarmRow.KeepWatch, WatchRow.From(watch), transaction));

    private List<Alarm> Query(string sql, object parameters)
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<AlarmRow>(sql, parameters).Select(static r => r.ToAlarm())];
    }
}
