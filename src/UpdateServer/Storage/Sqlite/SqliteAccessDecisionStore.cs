using Dapper;
using Fota.UpdateServer.People;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IAccessDecisionStore"/>
internal sealed class SqliteAccessDecisionStore(SqliteDatabase database) : IAccessDecisionStore
{
    public IReadOnlyList<AccessDecision> Newest(int most)
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<DecisionRow>("SELECT at, made_by AS MadeBy, kind, about, detail FROM access_decisions ORDER BY number DESC LIMIT @most", new { most }).Select(static r => r.ToDecision())];
    }

    /// <summary>Stores a decision in the transaction of what it changes.</summary>
    public static void Save(SqliteConnection connection, SqliteTransaction transaction, AccessDecision decision) => connection.Execute(
        "INSERT INTO access_decisions (at, made_by, kind, about, detail) VALUES (@At, @By, @Kind, @About, @Detail)",
        new { At = decision.At.ToUnixTimeMilliseconds(), decision.By, Kind = decision.Kind.ToString(), decision.About, decision.Detail },
        transaction);

    private sealed class DecisionRow
    {
        public required long At { get; init; }

        public required string MadeBy { get; init; }

        public required string Kind { get; init; }

        public required string About { get; init; }

        public required string Detail { get; init; }

        public AccessDecision ToDecision() => new(DateTimeOffset.FromUnixTimeMilliseconds(At), MadeBy, Enum.Parse<AccessDecisionKind>(Kind), About, Detail);
    }
}
