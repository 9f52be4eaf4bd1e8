using System.Globalization;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Signer.Journal;
using Fota.Signer.Log;

namespace Fota.Signer.Authority;

/// <summary>
/// The devices that an operator's signed list allows to have a first certificate: name, product and key. A server that was taken over can bring requests for these
/// alone, and has the key of none of them (P5). A device is allowed while its list, or one of its lists, holds: not taken back, nor its operator's certificate.
/// </summary>
internal sealed class AllowedDevices(SignerDatabase database, TimeProvider clock, SignerLog log)
{
    // Whether row a still counts. An operator whose certificate was taken back, for whatever reason, allows nothing: another signs the list again.
    private const string Holds =
        """
        NOT EXISTS (SELECT 1 FROM disallowance d WHERE (d.device = a.device OR d.list_sha256 = a.list_sha256) AND a.id <= d.last)
        AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.profile = 'people' AND r.serial = a.operator_serial)
        """;

    /// <summary>Takes a list in, with the entries that tell of it, in one transaction.</summary>
    /// <returns>How many of its devices were not allowed before.</returns>
    /// <exception cref="SignerRefusalException">The list was taken back, or a device is allowed with another key; nothing was taken.</exception>
    public int Take(EnrolmentList list)
    {
        DateTimeOffset now = clock.GetUtcNow();
        List<ListedDevice> entered = [];
        int added = 0;
        database.InTransaction(() =>
        {
            if (database.Scalar("SELECT 1 FROM disallowance WHERE list_sha256 = $0", list.Digest.ToString()) is not null)
            {
                throw new SignerRefusalException($"enrolment list: wanted one that was not taken back, got {list.Digest}, which was");
            }

            foreach (ListedDevice device in list.Devices)
            {
                ListedDevice? known = Find(device.Device);
                if (known is not null && known != device)
                {
                    throw new SignerRefusalException($"enrolment list: device {device.Device}: wanted key {known.KeyId} of product {known.Product}, as an earlier list has it, got {device.KeyId} of {device.Product}");
                }

                if (Insert(device, list.Digest.ToString(), list.Operator, list.OperatorSerial, now))
                {
                    entered.Add(device);
                    added += known is null ? 1 : 0;
                }
            }

            foreach (LogEvent entry in AllowanceEntry.Of(list, entered))
            {
                _ = log.Append(entry);
            }
        });
        return added;
    }

    /// <summary>Ends what lists have allowed until now: for one device, or for all of one list. A certificate that was issued holds until it is revoked.</summary>
    /// <param name="device">The device; null for a list.</param>
    /// <param name="list">SHA-256 of the list; null for a device.</param>
    /// <returns>How many devices are allowed no more.</returns>
    /// <exception cref="SignerRefusalException">No list that holds allows it, or it is none.</exception>
    public int Disallow(string? device, string? list)
    {
        int before = Count(), ended = 0;
        database.InTransaction(() =>
        {
            if (database.Scalar($"SELECT 1 FROM allowance a WHERE (device = $0 OR list_sha256 = $1) AND {Holds} LIMIT 1", device, list) is null)
            {
                throw new SignerRefusalException(device is null ? $"list {list}: wanted one that allows a device, got one that allows none" : $"device {device}: wanted one that a list allows, got one that none does");
            }

            InsertEnd(device, list, clock.GetUtcNow());
            ended = before - Count();
            _ = log.Append(new LogEvent(LogKinds.DevicesDisallowed, "-", device is null ? $"enrolment list {list}" : $"device {device}", ("device", device), ("list_sha256", list)));
        });
        return ended;

        int Count() => Convert.ToInt32(database.Scalar($"SELECT count(DISTINCT device) FROM allowance a WHERE {Holds}"), CultureInfo.InvariantCulture);
    }

    /// <summary>Takes back what the log says of the end of a list, or of a device in it.</summary>
    public void RestoreEnd(LogEntry ended) => InsertEnd(ended.Facts.GetValueOrDefault("device"), ended.Facts.GetValueOrDefault("list_sha256"), ended.Time);

    /// <summary>Takes back what the log says of a list.</summary>
    public void Restore(LogEntry allowed)
    {
        foreach (ListedDevice device in AllowanceEntry.DevicesOf(allowed))
        {
            _ = Insert(device, allowed.Fact("list_sha256"), allowed.Fact("operator"), allowed.Fact("operator_serial"), allowed.Time);
        }
    }

    /// <summary>Whether a device may have its first certificate, for this key.</summary>
    public bool Allows(string device, ProductName product, KeyId key) => Find(device) is { } listed
        && string.Equals(listed.Product, product.ToString(), StringComparison.Ordinal)
        && string.Equals(listed.KeyId, key.ToString(), StringComparison.Ordinal);

    private bool Insert(ListedDevice device, string list, string by, string serial, DateTimeOffset time) => database.Execute(
        "INSERT INTO allowance (device, product, key_id, list_sha256, operator, operator_serial, time) VALUES ($0, $1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        device.Device,
        device.Product,
        device.KeyId,
        list,
        by,
        serial,
        time.ToString("O", CultureInfo.InvariantCulture)) == 1;

    private void InsertEnd(string? device, string? list, DateTimeOffset time) => _ = database.Execute(
        "INSERT INTO disallowance (device, list_sha256, last, time) VALUES ($0, $1, (SELECT coalesce(max(id), 0) FROM allowance), $2)", device, list, time.ToString("O", CultureInfo.InvariantCulture));

    private ListedDevice? Find(string device) => database.Query(
        $"SELECT device, product, key_id FROM allowance a WHERE device = $0 AND {Holds} ORDER BY id LIMIT 1", static row => new ListedDevice(row.GetString(0), row.GetString(1), row.GetString(2)), device).FirstOrDefault();
}
