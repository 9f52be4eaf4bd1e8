using Dapper;
using Fota.UpdateServer.Storage.Rows;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IDecisionStore"/>
internal sealed class PostgresDecisionStore(PostgresDatabase database) : IDecisionStore
{
    public IReadOnlyList<StoredDecision> Of(long rollout) => database.Read((connection, transaction) => (StoredDecision[])[.. connection.Query<DecisionRow>(
        "SELECT at, kind, made_by AS MadeBy, stage, why, figures FROM rollout_decisions WHERE rollout = @rollout ORDER BY number",
        new { rollout },
        transaction).Select(static r => r.ToDecision())]);
}
