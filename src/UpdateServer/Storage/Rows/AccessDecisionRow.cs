using System.Security.Cryptography;
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

    public byte[]? Salt { get; init; }

    /// <summary>The row of a decision that is made now; with a salt of its own, which is in no log.</summary>
    public static AccessDecisionRow From(AccessDecision d) => new()
    {
        At = d.At.ToUnixTimeMilliseconds(),
        MadeBy = d.By,
        Kind = d.Kind.ToString(),
        About = d.About,
        Detail = d.Detail,
        Salt = RandomNumberGenerator.GetBytes(AccessDecision.SaltSize),
    };

    public AccessDecision ToDecision() => new(DateTimeOffset.FromUnixTimeMilliseconds(At), MadeBy, Enum.Parse<AccessDecisionKind>(Kind), About, Detail) { Salt = Salt is null ? null : Convert.ToHexStringLower(Salt) };
}
