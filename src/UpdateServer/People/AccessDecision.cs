namespace Fota.UpdateServer.People;

/// <summary>What was decided about access.</summary>
internal enum AccessDecisionKind
{
    None = 0,

    /// <summary>Somebody is known, with these roles, from now on.</summary>
    PersonSet,

    /// <summary>No credential speaks for somebody any more.</summary>
    PersonRemoved,

    TokenCreated,

    TokenRevoked,

    /// <summary>A device, or one key of it, is shut out.</summary>
    DeviceRevoked,

    /// <summary>A device that was shut out by name is let in again.</summary>
    DeviceReinstated,
}

/// <summary>A decision about access, written down with what it changed, and never changed itself (promise P8).</summary>
/// <param name="At">When.</param>
/// <param name="By">Who.</param>
/// <param name="Kind">What.</param>
/// <param name="About">The person or device.</param>
/// <param name="Detail">One sentence or value; no secret.</param>
internal sealed record AccessDecision(DateTimeOffset At, string By, AccessDecisionKind Kind, string About, string Detail)
{
    /// <summary>What the server's log says in place of <see cref="Detail"/>, which may name people by more than their name here; null for the same.</summary>
    public string? ForLog { get; init; }
}
