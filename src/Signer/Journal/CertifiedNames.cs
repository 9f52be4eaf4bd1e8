using System.Globalization;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Signer.Log;

namespace Fota.Signer.Journal;

/// <summary>
/// Which key bears the name of which device. To a server the name is the device: a second key under it would read and report for the first (A44).
/// </summary>
internal sealed class CertifiedNames(SignerDatabase database, TimeProvider clock)
{
    /// <summary>The key that bears the name; null if the name was never certified.</summary>
    public string? Holder(string name) => (string?)database.Scalar("SELECT key_id FROM certified WHERE name = $0 ORDER BY id DESC LIMIT 1", name);

    /// <summary>
    /// Gives the name to the key, on disk before a certificate is signed. A name that another key bears is refused, unless it is to be replaced.
    /// </summary>
    /// <returns>The key that bore the name until now; null if none or this one did.</returns>
    public string? Claim(string name, KeyId key, bool replace)
    {
        string? holder = Holder(name);
        if (string.Equals(holder, key.ToString(), StringComparison.Ordinal))
        {
            return null;
        }

        if (holder is not null && !replace)
        {
            throw new SignerRefusalException($"device {name} is certified with key {holder}, and the request is for key {key}: if the device was remade, ask again with --replace");
        }

        Insert(clock.GetUtcNow(), name, key.ToString());
        return holder;
    }

    /// <summary>Takes back what the log says of a certificate that was issued: the name is its key's.</summary>
    public void Restore(LogEntry issued)
    {
        if (issued.Facts.TryGetValue("device", out string? name) && issued.Fact("key_id") is { } key && !string.Equals(Holder(name), key, StringComparison.Ordinal))
        {
            Insert(issued.Time, name, key);
        }
    }

    private void Insert(DateTimeOffset time, string name, string key) =>
        _ = database.Execute("INSERT INTO certified (time, name, key_id) VALUES ($0, $1, $2)", time.ToString("O", CultureInfo.InvariantCulture), name, key);
}
