using Fota.Manifest;

namespace Fota.UpdateServer.People;

/// <summary>A token of somebody, of which the digest alone is kept.</summary>
/// <param name="Id">By which it is spoken of; no secret.</param>
/// <param name="Person">Whose.</param>
/// <param name="Name">What it is for, in the words of whoever made it.</param>
/// <param name="Digest">SHA-256 of the token's text.</param>
internal sealed record ApiToken(string Id, string Person, string Name, Sha256Digest Digest)
{
    /// <summary>The only roles that it has, of those of the person.</summary>
    public Role Roles { get; init; } = Role.All;

    public required DateTimeOffset Created { get; init; }

    /// <summary>Who made it, and so held it once.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>From when on it is worth nothing; null: never. Only the first one of an installation has no end.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Since when it is worth nothing; null while it was not taken back.</summary>
    public DateTimeOffset? Revoked { get; init; }

    public bool IsGood(DateTimeOffset now) => Revoked is null && (Expires is null || now < Expires);
}
