using System.Text.Json;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table rollout_decisions.</summary>
internal sealed class DecisionRow
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required long At { get; init; }

    public required string Kind { get; init; }

    public required string MadeBy { get; init; }

    public required long Stage { get; init; }

    public required string Why { get; init; }

    public required string Figures { get; init; }

    public static DecisionRow From(RolloutDecision d) =>
        new() { At = d.At.UtcTicks, Kind = d.Kind.ToString(), MadeBy = d.By, Stage = d.Stage, Why = d.Why, Figures = JsonSerializer.Serialize(d.Figures, s_json) };

    public StoredDecision ToDecision() => new(new DateTimeOffset(At, TimeSpan.Zero), Kind, MadeBy, (int)Stage, Why, JsonSerializer.Deserialize<JsonElement>(Figures));
}
