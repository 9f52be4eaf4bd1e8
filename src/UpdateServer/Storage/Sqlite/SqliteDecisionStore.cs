using System.Text.Json;
using Dapper;
using Fota.UpdateServer.Rollouts;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IDecisionStore"/>
internal sealed class SqliteDecisionStore(SqliteDatabase database) : IDecisionStore
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public IReadOnlyList<StoredDecision> Of(long rollout)
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<DecisionRow>("SELECT at, kind, made_by AS MadeBy, stage, why, figures FROM rollout_decisions WHERE rollout = @rollout ORDER BY number", new { rollout }).Select(static r => r.ToDecision())];
    }

    /// <summary>Stores decisions in the transaction of what they changed.</summary>
    public static void Save(SqliteConnection connection, SqliteTransaction transaction, long rollout, IEnumerable<RolloutDecision> decisions) => connection.Execute(
        "INSERT INTO rollout_decisions (rollout, at, kind, made_by, stage, why, figures) VALUES (@rollout, @At, @Kind, @By, @Stage, @Why, @Figures)",
        decisions.Select(d => new { rollout, At = d.At.UtcTicks, Kind = d.Kind.ToString(), d.By, d.Stage, d.Why, Figures = JsonSerializer.Serialize(d.Figures, s_json) }),
        transaction);

    private sealed class DecisionRow
    {
        public required long At { get; init; }

        public required string Kind { get; init; }

        public required string MadeBy { get; init; }

        public required long Stage { get; init; }

        public required string Why { get; init; }

        public required string Figures { get; init; }

        public StoredDecision ToDecision() => new(new DateTimeOffset(At, TimeSpan.Zero), Kind, MadeBy, (int)Stage, Why, JsonSerializer.Deserialize<JsonElement>(Figures));
    }
}
