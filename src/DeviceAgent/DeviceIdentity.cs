using Fota.Manifest;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent;

/// <summary>Who the device is.</summary>
/// <param name="Device">Its id, as its certificate names it.</param>
/// <param name="Product">The product line it belongs to.</param>
/// <param name="Traits">What the conditions of manifests ask of it.</param>
public sealed record DeviceIdentity(string Device, ProductName Product, DeviceTraits Traits)
{
    /// <summary>Derives the ids that manifests name from the names of vendor, class and device.</summary>
    public static DeviceIdentity From(string device, ProductName product, string vendorDomain, string className, long slotCapacity)
    {
        Guid vendor = NameBasedUuid.Vendor(vendorDomain);
        Guid deviceClass = NameBasedUuid.DeviceClass(vendor, className);
        return new(device, product, new DeviceTraits(vendor, deviceClass, NameBasedUuid.Device(deviceClass, device), slotCapacity));
    }
}
