using Dapper;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IDecisionStore"/>
internal sealed class SqliteDecisionStore(SqliteDatabase database) : IDecisionStore
{
    public IReadOnlyList<StoredDecision> Of(long rollout)
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<DecisionRow>("SELECT at, kind, made_by AS MadeBy, stage, why, figures FROM rollout_decisions WHERE rollout = @rollout ORDER BY number", new { rollout }).Select(static r => r.ToDecision())];
    }

    /// <summary>Stores decisions in the transaction of what they changed.</summary>
    public static void Save(SqliteConnection connection, SqliteTransaction transaction, long rollout, IEnumerable<RolloutDecision> decisions) => connection.Execute(
        "INSERT INTO rollout_decisions (rollout, at, kind, made_by, stage, why, figures) VALUES (@rollout, @At, @Kind, @MadeBy, @Stage, @Why, @Figures)",
        decisions.Select(DecisionRow.From).Select(r => new { rollout, r.At, r.Kind, r.MadeBy, r.Stage, r.Why, r.Figures }),
        transaction);
}
