namespace Fota.Signer.Log;

/// <summary>The kinds of entries that this signer writes.</summary>
internal static class LogKinds
{
    public const string
        CeremonyHeld = "ceremony.held",
        CeremonyBegun = "ceremony.begun",
        CeremonySigned = "ceremony.signed",
        KeyUsed = "key.used",
        KeyMade = "key.made",
        KeyTaken = "key.taken",
        ReleaseRequested = "release.requested",
        ReleaseApproved = "release.approved",
        ReleaseRejected = "release.rejected",
        ReleaseRefused = "release.refused",
        ReleaseWithdrawn = "release.withdrawn",
        ReleasePublished = "release.published",
        RoleProposed = "role.proposed",
        RoleChanged = "role.changed",
        RoleDiscarded = "role.discarded",
        RepositoryRenewed = "repository.renewed",
        PublicationTaken = "publication.taken",
        CertificateIssued = "certificate.issued",
        CertificateRefused = "certificate.refused",
        CertificateRevoked = "certificate.revoked",
        RevocationListSigned = "crl.signed",
        DevicesAllowed = "devices.allowed",
        DevicesDisallowed = "devices.disallowed",
        AuthorityMade = "authority.made",
        AuthoritySwitched = "authority.switched",
        LogSucceeded = "log.succeeded",
        LogRestored = "log.restored",
        RequestCancelled = "request.cancelled",
        RequestExpired = "request.expired",
        RequestPublished = "request.published",
        ServerLogRefused = "server_log.refused",
        ServiceStarted = "service.started";
}
