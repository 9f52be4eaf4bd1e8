using System.Globalization;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Journal;

namespace Fota.Signer.Authority;

/// <summary>
/// The devices that an operator's signed list allows to have a first certificate: name, product and key. A server that was taken over can bring requests for these
/// alone, and has the key of none of them (P5).
/// </summary>
internal sealed class AllowedDevices(SignerDatabase database, TimeProvider clock)
{
    /// <summary>Takes a list in, in one transaction.</summary>
    /// <returns>How many of its devices were not there before.</returns>
    /// <exception cref="SignerRefusalException">A device is there with another key; nothing was taken.</exception>
    public int Take(EnrolmentList list)
    {
        int added = 0;
        database.InTransaction(() =>
        {
            foreach (ListedDevice device in list.Devices)
            {
                if (Find(device.Device) is { } known && known != device)
                {
                    throw new SignerRefusalException($"enrolment list: device {device.Device}: wanted key {known.KeyId} of product {known.Product}, as an earlier list has it, got {device.KeyId} of {device.Product}");
                }

                added += database.Execute(
                    "INSERT INTO allowed_device (device, product, key_id, list_sha256, operator, time) VALUES ($0, $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                    device.Device,
                    device.Product,
                    device.KeyId,
                    list.Digest.ToString(),
                    list.Operator,
                    clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
            }
        });
        return added;
    }

    /// <summary>Whether a device may have its first certificate, for this key.</summary>
    public bool Allows(string device, ProductName product, KeyId key) => Find(device) is { } listed
        && string.Equals(listed.Product, product.ToString(), StringComparison.Ordinal)
        && string.Equals(listed.KeyId, key.ToString(), StringComparison.Ordinal);

    private ListedDevice? Find(string device) => database.Query(
        "SELECT device, product, key_id FROM allowed_device WHERE device = $0", static row => new ListedDevice(row.GetString(0), row.GetString(1), row.GetString(2)), device).FirstOrDefault();
}
