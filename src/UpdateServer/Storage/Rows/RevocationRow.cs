using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table device_revocations; an empty key means every certificate of the name.</summary>
internal sealed class RevocationRow
{
    public required string Device { get; init; }

    public required string KeyId { get; init; }

    public required string Reason { get; init; }

    public required string MadeBy { get; init; }

    public required long At { get; init; }

    public static RevocationRow From(DeviceRevocation r) => new() { Device = r.Device.ToString(), KeyId = r.Key?.ToString() ?? "", Reason = r.Reason, MadeBy = r.By, At = r.At.ToUnixTimeMilliseconds() };

    public DeviceRevocation ToRevocation() => new(
        DeviceId.Parse(Device), KeyId.Length == 0 ? null : new KeyId(Sha256Digest.Parse(KeyId)), Reason, MadeBy, DateTimeOffset.FromUnixTimeMilliseconds(At));
}
