using System.Collections.Immutable;
using System.Globalization;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Storage.Sqlite;

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
        Product = ProductName.Parse(Product),
        Key = KeyId is null ? null : new KeyId(Sha256Digest.Parse(KeyId)),
        Version = ReleaseVersion.Parse(Version),
        Slot = (int)Slot,
        Floor = new SecurityVersion((uint)Floor),
        State = Enum.Parse<ReportState>(State),
        ManifestDigest = Sha256Digest.Parse(ManifestDigest),
        ConfirmedDigest = ConfirmedDigest is null ? null : Sha256Digest.Parse(ConfirmedDigest),
        Deployment = Deployment,
        Reason = (RejectionReason)Reason,
        Detail = Detail,
        Ordinal = Ordinal,
        Nonce = Nonce,
        LastSeen = DateTimeOffset.FromUnixTimeMilliseconds(LastSeen),
    };
}

/// <summary>A row of the table rollouts.</summary>
internal sealed class RolloutRow
{
    public required long Number { get; init; }

    public required string Product { get; init; }

    public required string Version { get; init; }

    public required string Target { get; init; }

    public required string ManifestDigest { get; init; }

    public required long SecurityVersion { get; init; }

    public required long AbortAfterFailures { get; init; }

    public required byte[] MemberKey { get; init; }

    public required string Status { get; init; }

    public required long Stage { get; init; }

    public string? Reason { get; init; }

    public static long NumberOf(RolloutPlan plan) => long.Parse(plan.Id.AsSpan(1), CultureInfo.InvariantCulture);

    public static RolloutRow From(RolloutState s) => new()
    {
        Number = NumberOf(s.Plan),
        Product = s.Plan.Product.ToString(),
        Version = s.Plan.Version.ToString(),
        Target = s.Plan.TargetPath,
        ManifestDigest = s.Plan.ManifestDigest.ToString(),
        SecurityVersion = s.Plan.SecurityVersion.Value,
        AbortAfterFailures = s.Plan.AbortAfterFailures,
        MemberKey = s.Plan.Key.ToArray(),
        Status = s.Status.ToString(),
        Stage = s.Stage,
        Reason = s.Reason,
    };

    public RolloutState ToState(IEnumerable<StageRow> stages, IEnumerable<MemberRow> members) => new RolloutState(
        new RolloutPlan
        {
            Id = $"r{Number}",
            Product = ProductName.Parse(Product),
            Version = ReleaseVersion.Parse(Version),
            TargetPath = Target,
            ManifestDigest = Sha256Digest.Parse(ManifestDigest),
            SecurityVersion = new SecurityVersion((uint)SecurityVersion),
            Stages = [.. stages.OrderBy(static s => s.Stage).Select(static s => new StagePlan(s.Name, (int?)s.Count))],
            AbortAfterFailures = (int)AbortAfterFailures,
            Key = MemberKey,
        },
        Enum.Parse<RolloutStatus>(Status),
        (int)Stage,
        members.Select(static m => new Member(DeviceId.Parse(m.Device), (int)m.Stage, Enum.Parse<MemberStatus>(m.Status)) { Deferral = m.Deferral }).ToImmutableDictionary(static m => m.Device),
        Reason).WithDerived();
}

/// <summary>A row of the table rollout_stages.</summary>
internal sealed class StageRow
{
    public required long Rollout { get; init; }

    public required long Stage { get; init; }

    public required string Name { get; init; }

    public long? Count { get; init; }
}

/// <summary>A row of the table rollout_members.</summary>
internal sealed class MemberRow
{
    public required long Rollout { get; init; }

    public required string Device { get; init; }

    public required long Stage { get; init; }

    public required string Status { get; init; }

    public string? Deferral { get; init; }
}
