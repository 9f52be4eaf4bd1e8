namespace Fota.Signer.Service;

/// <summary>Why the service does not do what it was asked; the names are part of its API.</summary>
internal enum ServiceRefusal
{
    None = 0,

    /// <summary>No certificate of a person that the service knows.</summary>
    Unauthorized,

    /// <summary>The person has not the role, or is the author of what is to be approved.</summary>
    Forbidden,

    /// <summary>There is no such request or file.</summary>
    NotFound,

    /// <summary>A field is missing, unknown or out of its range.</summary>
    Malformed,

    /// <summary>The request is in another state, or another request stands in the way.</summary>
    Conflict,

    /// <summary>The bytes are not those that were announced, or those that are to be approved.</summary>
    DigestMismatch,

    /// <summary>More bytes than may be sent.</summary>
    LimitExceeded,

    /// <summary>It could not be done now, for a reason that may pass: a token that is away, a full disk.</summary>
    Unavailable,

    /// <summary>The signer refused; the detail says what it wanted.</summary>
    Refused,
}

/// <summary>A request that the service refuses. Nothing was changed by it.</summary>
internal sealed class ServiceRefusalException(ServiceRefusal reason, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The reason, for programs.</summary>
    public ServiceRefusal Reason { get; } = reason;
}
