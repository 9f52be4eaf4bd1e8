using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table access_decisions.</summary>
internal sealed class AccessDecisionRow
{
    public required long At { get; init; }

    public required string MadeBy { get; init; }

    public required string Kind { get; init; }

    public required string About { get; init; }

    public required string Detail { get; init; }

    public static AccessDecisionRow From(AccessDecision d) => new() { At = d.At.ToUnixTimeMilliseconds(), MadeBy = d.By, Kind = d.Kind.ToString(), About = d.About, Detail = d.Detail };

    public AccessDecision ToDecision() => new(DateTimeOffset.FromUnixTimeMilliseconds(At), MadeBy, Enum.Parse<AccessDecisionKind>(Kind), About, Detail);
}
