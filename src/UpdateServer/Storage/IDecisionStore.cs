using System.Text.Json;

namespace Fota.UpdateServer.Storage;

/// <summary>Gives the decisions that <see cref="IFleetStore"/> stored with what they changed.</summary>
internal interface IDecisionStore
{
    /// <summary>Those about the rollout with this number, the oldest first.</summary>
    IReadOnlyList<StoredDecision> Of(long rollout);
}

/// <summary>A decision as it was written down.</summary>
internal sealed record StoredDecision(DateTimeOffset At, string Kind, string By, int Stage, string Why, JsonElement Figures);
