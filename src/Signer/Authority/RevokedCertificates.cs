using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Signer.Journal;
using Fota.Signer.Log;

namespace Fota.Signer.Authority;

/// <summary>The certificates that an authority of this home takes back, append-only in journal.db, and in the log.</summary>
internal sealed class RevokedCertificates(SignerDatabase database, TimeProvider clock, SignerLog log)
{
    private const string KeyCompromise = "key-compromise";

    /// <summary>The reasons of RFC 5280 section 5.3.1 that an end entity's certificate can have here; removal and hold are not taken.</summary>
    public static IReadOnlyDictionary<string, X509RevocationReason> Reasons { get; } = new Dictionary<string, X509RevocationReason>(StringComparer.Ordinal)
    {
        ["unspecified"] = X509RevocationReason.Unspecified,
        [KeyCompromise] = X509RevocationReason.KeyCompromise,
        ["affiliation-changed"] = X509RevocationReason.AffiliationChanged,
        ["superseded"] = X509RevocationReason.Superseded,
        ["cessation-of-operation"] = X509RevocationReason.CessationOfOperation,
    };

    /// <summary>
    /// Takes a certificate back; once, but that its key is known to others is taken in later as well: it is the one reason that says more than the others. Row and entry are one.
    /// </summary>
    /// <returns>False if nothing is new: it was taken back before.</returns>
    public bool Add(Revocation revocation, string subject)
    {
        bool isNew = !Exists("profile = $0 AND serial = $1", revocation.Profile, revocation.Serial)
            || (string.Equals(revocation.Reason, KeyCompromise, StringComparison.Ordinal) && !Exists("profile = $0 AND serial = $1 AND reason = $2", revocation.Profile, revocation.Serial, KeyCompromise));
        if (isNew)
        {
            log.AppendWith(revocation.ToEvent(subject), () => Insert(revocation, clock.GetUtcNow()));
        }

        return isNew;
    }

    /// <summary>A key that is known to others gets no certificate, of whichever authority and under whatever name.</summary>
    /// <exception cref="SignerRefusalException">A certificate for it was revoked for that reason.</exception>
    public void DemandKeyHolds(KeyId key)
    {
        object? serial = database.Scalar(
            "SELECT r.serial FROM revocation r LEFT JOIN issued i ON i.serial = r.serial WHERE r.reason = $1 AND coalesce(r.key_id, i.key_id) = $0 LIMIT 1", key.ToString(), KeyCompromise);
        if (serial is not null)
        {
            throw new SignerRefusalException($"key {key}: wanted one that nobody else has, got one whose certificate {serial} was revoked ({KeyCompromise}); no other is issued for it");
        }
    }

    /// <summary>Whether a certificate was taken back.</summary>
    public bool IsRevoked(string profile, string serial) => Exists("profile = $0 AND serial = $1", profile, serial.ToLowerInvariant());

    /// <summary>All that an authority issued and that were taken back, in that order: since when, and for the gravest reason that was given.</summary>
    /// <param name="profile">"device", "service" or "people".</param>
    /// <param name="issuer">The key identifier of the authority.</param>
    public IReadOnlyList<(string Serial, DateTimeOffset Time, X509RevocationReason Reason)> Of(string profile, string issuer) => database.Query(
        """
        SELECT r.serial, r.time, coalesce((SELECT g.reason FROM revocation g WHERE g.profile = r.profile AND g.serial = r.serial AND g.reason = $2), r.reason)
        FROM revocation r LEFT JOIN issued i ON i.serial = r.serial
        WHERE r.profile = $0 AND coalesce(r.issuer, i.issuer, $1) = $1 AND r.id = (SELECT min(f.id) FROM revocation f WHERE f.profile = r.profile AND f.serial = r.serial)
        ORDER BY r.id
        """,
        static row => (row.GetString(0), DateTimeOffset.Parse(row.GetString(1), CultureInfo.InvariantCulture), Reasons[row.GetString(2)]),
        profile,
        issuer,
        KeyCompromise);

    /// <summary>The number of the next list: each number is given once, on disk and entered before the list is signed (RFC 5280 section 5.2.3).</summary>
    /// <param name="profile">Whose list.</param>
    /// <param name="issuer">The key identifier of the authority that signs it.</param>
    /// <param name="label">The label of its key.</param>
    public long NextNumber(string profile, string issuer, string label)
    {
        long number = 0;
        database.InTransaction(() =>
        {
            number = 1 + Convert.ToInt64(database.Scalar("SELECT coalesce(max(number), 0) FROM crl WHERE profile = $0", profile), CultureInfo.InvariantCulture);
            InsertNumber(profile, number, clock.GetUtcNow());
            _ = log.Append(new LogEvent(LogKinds.RevocationListSigned, label, $"{profile} CA", ("profile", profile), ("issuer", issuer), ("number", number)));
        });
        return number;
    }

    /// <summary>Takes back what the log says was revoked.</summary>
    public void Restore(LogEntry revoked) => Insert(Revocation.Of(revoked), revoked.Time);

    /// <summary>Takes back what the log says of the number of a list.</summary>
    public void RestoreNumber(LogEntry signed) => InsertNumber(
        signed.Fact("profile"),
        long.TryParse(signed.Fact("number"), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : throw signed.Wrong("number"),
        signed.Time);

    // Callers pass constants; values are parameters.
    private bool Exists(string where, params ReadOnlySpan<object?> parameters) => database.Scalar($"SELECT 1 FROM revocation WHERE {where} LIMIT 1", parameters) is not null;

    private void Insert(Revocation revocation, DateTimeOffset time) => _ = database.Execute(
        "INSERT INTO revocation (profile, issuer, serial, key_id, time, reason) VALUES ($0, $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        revocation.Profile,
        revocation.Issuer,
        revocation.Serial,
        revocation.KeyId,
        time.ToString("O", CultureInfo.InvariantCulture),
        revocation.Reason);

    private void InsertNumber(string profile, long number, DateTimeOffset time) => _ = database.Execute(
        "INSERT INTO crl (profile, number, time) VALUES ($0, $1, $2) ON CONFLICT DO NOTHING", profile, number, time.ToString("O", CultureInfo.InvariantCulture));
}
