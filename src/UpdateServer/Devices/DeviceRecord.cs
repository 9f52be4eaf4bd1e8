using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Devices;

/// <summary>What the server knows of a device: its newest report, and which release it last said to run for good.</summary>
internal sealed record DeviceRecord
{
    public required DeviceId Device { get; init; }

    public required ProductName Product { get; init; }

    /// <summary>The key that signed the newest report; null only if that came before keys were kept.</summary>
    public required KeyId? Key { get; init; }

    public required ReleaseVersion Version { get; init; }

    public required int Slot { get; init; }

    public required SecurityVersion Floor { get; init; }

    public required ReportState State { get; init; }

    /// <summary>The manifest that the newest report is about.</summary>
    public required Sha256Digest ManifestDigest { get; init; }

    /// <summary>The manifest of the release that was confirmed last; null while the device has named none.</summary>
    public required Sha256Digest? ConfirmedDigest { get; init; }

    public required string? Deployment { get; init; }

    public required RejectionReason Reason { get; init; }

    public required string? Detail { get; init; }

    /// <summary>The newest report's place in the order of the key that signed it.</summary>
    public required long Ordinal { get; init; }

    public required ReadOnlyMemory<byte> Nonce { get; init; }

    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>The record after <paramref name="report"/>; <paramref name="before"/> is null at the first check-in with this key: what was said under another one is another device's.</summary>
    public static DeviceRecord After(DeviceRecord? before, DeviceIdentity identity, DeviceReport report, DateTimeOffset now) => new()
    {
        Device = identity.Device,
        Product = Vocabulary.Of(identity.Product),
        Key = identity.Key.Id,
        Version = Vocabulary.Of(report.RunningVersion),
        Slot = report.Slot,
        Floor = report.Floor,
        State = report.State,
        ManifestDigest = Vocabulary.Of(report.ManifestDigest),
        ConfirmedDigest = report.State is ReportState.Idle or ReportState.Confirmed ? Vocabulary.Of(report.ManifestDigest) : before?.ConfirmedDigest,
        Deployment = report.Deployment,
        Reason = report.Reason,
        Detail = report.Detail,
        Ordinal = report.Ordinal,
        Nonce = report.Nonce,
        LastSeen = now,
    };

    /// <summary>The record after a report that says the same again.</summary>
    public DeviceRecord After(Sighting seen) => this with { Ordinal = seen.Ordinal, Nonce = seen.Nonce, LastSeen = seen.At > LastSeen ? seen.At : LastSeen };

    /// <summary>Whether two records differ in nothing but which report was the newest, and when it came.</summary>
    public bool SaysTheSameAs(DeviceRecord other) => this == other with { Ordinal = Ordinal, Nonce = Nonce, LastSeen = LastSeen };

    /// <summary>Whether this is the record of the device that holds <paramref name="key"/>, and not of one that had its name before.</summary>
    public bool IsOf(VerificationKey key) => Key is null || Key == key.Id;

    /// <summary>Whether <paramref name="report"/> was heard before, or was overtaken by a newer one (A46).</summary>
    public bool IsNotNews(DeviceReport report) => report.Ordinal <= Ordinal || report.Nonce.Span.SequenceEqual(Nonce.Span);
}
