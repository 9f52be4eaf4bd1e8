using Fota.Manifest.Log;

namespace Fota.Signer.Log;

/// <summary>Something that the signer did, to be entered into its log. Texts of people are cut to what an entry can hold; nothing else is lost of them.</summary>
internal sealed class LogEvent
{
    /// <param name="kind">What happened: one of <see cref="LogKinds"/>, or another word of that form.</param>
    /// <param name="actor">Who did it: the label of the key that acted, or the name of a person's certificate.</param>
    /// <param name="subject">What it was done to, for example "infusion-pump 1.2.0".</param>
    /// <param name="facts">The rest; those without a value are left out.</param>
    public LogEvent(string kind, string actor, string subject, params ReadOnlySpan<(string Name, object? Value)> facts)
    {
        Kind = kind;
        Actor = Cut(actor, LogEntry.NameLength);
        Subject = Cut(subject, LogEntry.NameLength);
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        foreach ((string name, object? value) in facts)
        {
            if (value is not null)
            {
                kept[name] = Cut(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!, LogEntry.FactLength);
            }
        }

        Facts = kept;
    }

    public string Kind { get; }

    public string Actor { get; }

    public string Subject { get; }

    public IReadOnlyDictionary<string, string> Facts { get; }

    // An entry must not fail for what somebody wrote: half a character, which JSON cannot hold, is replaced.
    private static string Cut(string text, int max)
    {
        string whole = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text.Length > max ? text[..max] : text));
        return whole.Length == 0 ? "-" : whole.Length > max ? whole[..max] : whole;
    }
}

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
        ServiceStarted = "service.started";
}
