namespace Fota.Signer.Service;

/// <summary>What a person may do at the service.</summary>
internal enum PersonRole
{
    None = 0,

    /// <summary>Asks for releases, sends their images, takes requests back, publishes what was approved.</summary>
    Submitter,

    /// <summary>Approves with keys of their own, or rejects.</summary>
    Approver,

    /// <summary>A keyholder: fetches the ceremony that is on its way, and brings signatures for it.</summary>
    Ceremony,

    /// <summary>Sees all and changes nothing.</summary>
    Auditor,
}

/// <summary>Somebody whom the service knows by the key of a client certificate.</summary>
/// <param name="Name">For people and for the log, for example "bo" or "ci".</param>
/// <param name="KeyId">SHA-256 of the certificate's SubjectPublicKeyInfo.</param>
/// <param name="Roles">What they may do.</param>
/// <param name="ReleaseKeys">Labels of the keys that they approve with.</param>
internal sealed record Person(string Name, string KeyId, IReadOnlyList<PersonRole> Roles, IReadOnlyList<string> ReleaseKeys)
{
    /// <summary>Refuses somebody without the role (A45).</summary>
    public void Demand(PersonRole role)
    {
        if (!Roles.Contains(role))
        {
            throw new ServiceRefusalException(ServiceRefusal.Forbidden, $"{Name}: wanted the role {role.ToString().ToLowerInvariant()}, got {string.Join(", ", Roles.Select(static own => own.ToString().ToLowerInvariant()))}");
        }
    }
}
