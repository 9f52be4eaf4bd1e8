using Dapper;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IAccessDecisionStore"/>
internal sealed class PostgresAccessDecisionStore(PostgresDatabase database) : IAccessDecisionStore
{
    public IReadOnlyList<AccessDecision> Newest(int most) => database.Read((connection, transaction) => (AccessDecision[])[.. connection.Query<AccessDecisionRow>(
        "SELECT at, made_by AS MadeBy, kind, about, detail, salt FROM access_decisions ORDER BY number DESC LIMIT @most", new { most }, transaction).Select(static r => r.ToDecision())]);

    /// <summary>Stores a decision in the transaction of what it changes, at its end, and enters it into the log.</summary>
    public static void Save(NpgsqlConnection connection, NpgsqlTransaction transaction, AccessDecision decision)
    {
        AccessDecisionRow row = AccessDecisionRow.From(decision);
        connection.Execute("INSERT INTO access_decisions (at, made_by, kind, about, detail, salt) VALUES (@At, @MadeBy, @Kind, @About, @Detail, @Salt)", row, transaction);
        PostgresAuditStore.Append(connection, transaction, [OtherEntries.Of(decision, row.Salt!)]);
    }
}
