using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table devices.</summary>
internal sealed class DeviceRow
{
    public required string Device { get; init; }

    public required string Product { get; init; }

    public string? KeyId { get; init; }

    public required string Version { get; init; }

    public required long Slot { get; init; }

    public required long Floor { get; init; }

    public required string State { get; init; }

    public required string ManifestDigest { get; init; }

    public string? ConfirmedDigest { get; init; }

    public string? Deployment { get; init; }

    public required long Reason { get; init; }

    public string? Detail { get; init; }

    public required long Ordinal { get; init; }

    public required byte[] Nonce { get; init; }

    public required long LastSeen { get; init; }

    public static DeviceRow From(DeviceRecord d) => new()
    {
        Device = d.Device.ToString(),
        Product = d.Product.ToString(),
        KeyId = d.Key?.ToString(),
        Version = d.Version.ToString(),
        Slot = d.Slot,
        Floor = d.Floor.Value,
        State = d.State.ToString(),
        ManifestDigest = d.ManifestDigest.ToString(),
        ConfirmedDigest = d.ConfirmedDigest?.ToString(),
        Deployment = d.Deployment,
        Reason = (long)d.Reason,
        Detail = d.Detail,
        Ordinal = d.Ordinal,
        Nonce = d.Nonce.ToArray(),
        LastSeen = d.LastSeen.ToUnixTimeMilliseconds(),
    };

    public DeviceRecord ToRecord() => new()
    {
        Device = DeviceId.Parse(Device),
        Product = Vocabulary.Of(ProductName.Parse(Product)),
        Key = KeyId is null ? null : new KeyId(Sha256Digest.Parse(KeyId)),
        Version = Vocabulary.Of(ReleaseVersion.Parse(Version)),
        Slot = (int)Slot,
        Floor = new SecurityVersion((uint)Floor),
        State = Enum.Parse<ReportState>(State),
        ManifestDigest = Vocabulary.Of(Sha256Digest.Parse(ManifestDigest)),
        ConfirmedDigest = ConfirmedDigest is null ? null : Vocabulary.Of(Sha256Digest.Parse(ConfirmedDigest)),
        Deployment = Deployment,
        Reason = (RejectionReason)Reason,
        Detail = Detail,
        Ordinal = Ordinal,
        Nonce = Nonce,
        LastSeen = DateTimeOffset.FromUnixTimeMilliseconds(LastSeen),
    };
}
