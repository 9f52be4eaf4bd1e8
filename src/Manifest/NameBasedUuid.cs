using System.Security.Cryptography;

namespace Fota.Manifest;

/// <summary>
/// The UUIDs by which SUIT names vendor, class and device (draft-ietf-suit-manifest section 8.4.8.2): version 5 (RFC 9562 section 5.5),
/// so that they can be derived from names and need no registry.
/// </summary>
public static class NameBasedUuid
{
    /// <summary>RFC 9562's namespace for domain names.</summary>
    private static readonly Guid s_domainNames = new("6ba7b810-9dad-11d1-80b4-00c04fd430c8");

    /// <summary>The vendor id of the owner of <paramref name="domain"/>, for example "pumps.example".</summary>
    public static Guid Vendor(string domain) => Create(s_domainNames, domain);

    /// <summary>The class id of a device class, for example "infusion-pump rev B", within its vendor.</summary>
    public static Guid DeviceClass(Guid vendor, string name) => Create(vendor, name);

    /// <summary>The id of one device within its class.</summary>
    public static Guid Device(Guid deviceClass, string serial) => Create(deviceClass, serial);

    private static Guid Create(Guid space, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        byte[] input = [.. space.ToByteArray(bigEndian: true), .. System.Text.Encoding.UTF8.GetBytes(name)];
#pragma warning disable CA5350, RS0030 // UUID version 5 is defined over SHA-1; it makes names here, no trust rests on it.
        byte[] hash = SHA1.HashData(input);
#pragma warning restore CA5350, RS0030
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }
}
