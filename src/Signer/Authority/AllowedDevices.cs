using System.Globalization;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Signer.Journal;
using Fota.Signer.Log;

namespace Fota.Signer.Authority;

/// <summary>
/// The devices that an operator's signed list allows to have a first certificate: name, product and key. A server that was taken over can bring requests for these
/// alone, and has the key of none of them (P5).
/// </summary>
internal sealed class AllowedDevices(SignerDatabase database, TimeProvider clock, SignerLog log)
{
    /// <summary>Takes a list in, with the entries that tell of it, in one transaction.</summary>
    /// <returns>How many of its devices were not there before.</returns>
    /// <exception cref="SignerRefusalException">A device is there with another key; nothing was taken.</exception>
    public int Take(EnrolmentList list)
    {
        DateTimeOffset now = clock.GetUtcNow();
        List<ListedDevice> added = [];
        database.InTransaction(() =>
        {
            foreach (ListedDevice device in list.Devices)
            {
                ListedDevice? known = Find(device.Device);
                if (known is not null && known != device)
                {
                    throw new SignerRefusalException($"enrolment list: device {device.Device}: wanted key {known.KeyId} of product {known.Product}, as an earlier list has it, got {device.KeyId} of {device.Product}");
                }

                if (known is null && Insert(device, list.Digest.ToString(), list.Operator, list.OperatorSerial, now))
                {
                    added.Add(device);
                }
            }

            foreach (LogEvent entry in AllowanceEntry.Of(list, added))
            {
                _ = log.Append(entry);
            }
        });
        return added.Count;
    }

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

    private ListedDevice? Find(string device) => database.Query(
        "SELECT device, product, key_id FROM allowance WHERE device = $0 ORDER BY id LIMIT 1", static row => new ListedDevice(row.GetString(0), row.GetString(1), row.GetString(2)), device).FirstOrDefault();
}
