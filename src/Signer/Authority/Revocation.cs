using Fota.Manifest.Log;
using Fota.Signer.Log;

namespace Fota.Signer.Authority;

/// <summary>That a certificate was taken back.</summary>
/// <param name="Profile">"device", "service" or "people".</param>
/// <param name="Issuer">The key identifier of the authority that issued it, lower-case hexadecimal.</param>
/// <param name="Serial">Its serial number, lower-case hexadecimal.</param>
/// <param name="KeyId">SHA-256 of its key's SubjectPublicKeyInfo.</param>
/// <param name="Reason">One of <see cref="RevokedCertificates.Reasons"/>.</param>
internal sealed record Revocation(string Profile, string Issuer, string Serial, string KeyId, string Reason)
{
    /// <summary>What the log says of it; no key acts, a person does.</summary>
    public LogEvent ToEvent(string subject) =>
        new(LogKinds.CertificateRevoked, "-", subject, ("profile", Profile), ("issuer", Issuer), ("serial", Serial), ("key_id", KeyId), ("reason", Reason));

    /// <summary>What the log says of it.</summary>
    public static Revocation Of(LogEntry entry) => new(
        entry.Fact("profile"),
        entry.Fact("issuer"),
        entry.Fact("serial"),
        entry.Fact("key_id"),
        RevokedCertificates.Reasons.ContainsKey(entry.Fact("reason")) ? entry.Fact("reason") : throw entry.Wrong("reason"));
}
