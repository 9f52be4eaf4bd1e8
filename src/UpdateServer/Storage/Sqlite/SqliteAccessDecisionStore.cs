using Dapper;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IAccessDecisionStore"/>
internal sealed class SqliteAccessDecisionStore(SqliteDatabase database) : IAccessDecisionStore
{
    public IReadOnlyList<AccessDecision> Newest(int most)
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<AccessDecisionRow>("SELECT at, made_by AS MadeBy, kind, about, detail, salt FROM access_decisions ORDER BY number DESC LIMIT @most", new { most }).Select(static r => r.ToDecision())];
    }

    /// <summary>Stores a decision in the transaction of what it changes, at its end, and enters it into the log.</summary>
    public static void Save(SqliteConnection connection, SqliteTransaction transaction, AccessDecision decision)
    {
        AccessDecisionRow row = AccessDecisionRow.From(decision);
        connection.Execute("INSERT INTO access_decisions (at, made_by, kind, about, detail, salt) VALUES (@At, @MadeBy, @Kind, @About, @Detail, @Salt)", row, transaction);
        SqliteAuditStore.Append(connection, transaction, [OtherEntries.Of(decision, row.Salt!)]);
    }
}
