using Fota.Manifest;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Api;

/// <summary>The reasons that a refusal of this server can bear: its own, and those of <see cref="RejectionReason"/>. Names are stable; docs/spec/access.md lists them, and a test compares.</summary>
internal static class ProblemCodes
{
    public const string Unauthorized = nameof(Unauthorized);
    public const string Forbidden = nameof(Forbidden);
    public const string OutOfScope = nameof(OutOfScope);
    public const string NotFound = nameof(NotFound);
    public const string MethodNotAllowed = nameof(MethodNotAllowed);
    public const string UnsupportedMediaType = nameof(UnsupportedMediaType);
    public const string TooManyRequests = nameof(TooManyRequests);
    public const string StoreUnavailable = nameof(StoreUnavailable);
    public const string AuthorizationServerAway = nameof(AuthorizationServerAway);
    public const string UnknownSigner = nameof(UnknownSigner);
    public const string Timeout = nameof(Timeout);
    public const string InternalError = nameof(InternalError);

    /// <summary>Each with its status and what it says. One that comes with several is told apart by its status.</summary>
    public static IReadOnlyList<(string Code, int Status, string Meaning)> Own { get; } =
    [
        (Unauthorized, 401, "no credential that is good here was shown; what is wrong with it stands in the server's log"),
        (Forbidden, 403, "none of the roles that it takes"),
        (OutOfScope, 403, "the role is there, and not over these products or sites"),
        (NotFound, 404, "there is no such thing, or none in scope"),
        (MethodNotAllowed, 405, "the path has other methods"),
        (AccessRefusedException.Taken, 409, "somebody else has it, or it is there already"),
        (AccessRefusedException.LastAdministrator, 409, "no administrator over everything with a credential would be left"),
        (RolloutRefusedException.IllegalTransition, 409, "not possible with the rollout as it is now"),
        (UnknownSigner, 409, "another key signs for the server's log: server-log.md, J-15"),
        (UnsupportedMediaType, 415, "the body is of another type"),
        (TooManyRequests, 429, "`Retry-After` says when to come again"),
        (InternalError, 500, "the server failed; nothing was changed by halves"),
        (StoreUnavailable, 503, "the database, or the storage of content, cannot be asked now; `Retry-After` says when to come again"),
        (AuthorizationServerAway, 503, "what the token is worth cannot be asked now; `Retry-After` says when to come again"),
        (Timeout, 504, "it took too long; what it changed, it changed wholly or not at all"),
    ];
}
