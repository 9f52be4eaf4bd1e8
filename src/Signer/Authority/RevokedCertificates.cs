using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Fota.Signer.Journal;

namespace Fota.Signer.Authority;

/// <summary>The certificates that an authority of this home takes back, append-only in journal.db.</summary>
internal sealed class RevokedCertificates(SignerDatabase database, TimeProvider clock)
{
    /// <summary>The reasons of RFC 5280 section 5.3.1 that an end entity's certificate can have here; removal and hold are not taken.</summary>
    public static IReadOnlyDictionary<string, X509RevocationReason> Reasons { get; } = new Dictionary<string, X509RevocationReason>(StringComparer.Ordinal)
    {
        ["unspecified"] = X509RevocationReason.Unspecified,
        ["key-compromise"] = X509RevocationReason.KeyCompromise,
        ["affiliation-changed"] = X509RevocationReason.AffiliationChanged,
        ["superseded"] = X509RevocationReason.Superseded,
        ["cessation-of-operation"] = X509RevocationReason.CessationOfOperation,
    };

    /// <summary>Takes a certificate back; once, whatever is said later.</summary>
    /// <returns>False if it was taken back before.</returns>
    public bool Add(string profile, string serial, string reason) => database.Execute(
        "INSERT INTO revoked (profile, serial, time, reason) VALUES ($0, $1, $2, $3) ON CONFLICT DO NOTHING",
        profile,
        serial,
        clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
        reason) == 1;

    /// <summary>All of an authority, in the order in which they were taken back.</summary>
    public IReadOnlyList<(string Serial, DateTimeOffset Time, X509RevocationReason Reason)> Of(string profile) => database.Query(
        "SELECT serial, time, reason FROM revoked WHERE profile = $0 ORDER BY id",
        static row => (row.GetString(0), DateTimeOffset.Parse(row.GetString(1), CultureInfo.InvariantCulture), Reasons[row.GetString(2)]),
        profile);

    /// <summary>The number of the next list: each number is given once, on disk before the list is signed (RFC 5280 section 5.2.3).</summary>
    public long NextNumber(string profile) => Convert.ToInt64(
        database.Scalar(
            "INSERT INTO crl (profile, number, time) VALUES ($0, 1 + coalesce((SELECT max(number) FROM crl WHERE profile = $0), 0), $1) RETURNING number",
            profile,
            clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture)),
        CultureInfo.InvariantCulture);
}
