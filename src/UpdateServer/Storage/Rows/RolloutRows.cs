using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Fota.Manifest;
using Fota.UpdateServer.AtRest;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table rollouts.</summary>
internal sealed record RolloutRow
{
    public required long Number { get; init; }

    public required string Product { get; init; }

    public required string Version { get; init; }

    public required string Target { get; init; }

    public required string ManifestDigest { get; init; }

    public required long SecurityVersion { get; init; }

    public required long AbortAfterFailures { get; init; }

    /// <summary>Empty where it is sealed.</summary>
    public required byte[] MemberKey { get; init; }

    public byte[]? MemberKeySealed { get; init; }

    public required string Status { get; init; }

    public required long Stage { get; init; }

    public string? Reason { get; init; }

    public string? Plan { get; init; }

    public required string Author { get; init; }

    public string? ApprovedBy { get; init; }

    public required long ApprovedAt { get; init; }

    public string? ApprovedManifest { get; init; }

    public string? ApprovedPlan { get; init; }

    public required long Clock { get; init; }

    public required long RampSince { get; init; }

    public long? GoodSince { get; init; }

    public required long EvaluatedAt { get; init; }

    public required long Stalled { get; init; }

    public static long NumberOf(RolloutPlan plan) => long.Parse(plan.Id.AsSpan(1), CultureInfo.InvariantCulture);

    /// <summary>The row without its key, which is stored once and never changes.</summary>
    public static RolloutRow From(RolloutState s) => new()
    {
        Number = NumberOf(s.Plan),
        Product = s.Plan.Product.ToString(),
        Version = s.Plan.Version.ToString(),
        Target = s.Plan.TargetPath,
        ManifestDigest = s.Plan.ManifestDigest.ToString(),
        SecurityVersion = s.Plan.SecurityVersion.Value,
        AbortAfterFailures = s.Plan.AbortAfterFailures,
        MemberKey = [],
        Status = s.Status.ToString(),
        Stage = s.Stage,
        Reason = s.Reason,
        Plan = Encoding.UTF8.GetString(PlanDocument.Canonical(s.Plan)),
        Author = s.Author,
        ApprovedBy = s.Approval?.By,
        ApprovedAt = s.Approval?.At.UtcTicks ?? 0,
        ApprovedManifest = s.Approval?.ManifestDigest.ToString(),
        ApprovedPlan = s.Approval?.PlanDigest.ToString(),
        Clock = s.Clock.UtcTicks,
        RampSince = s.RampSince.UtcTicks,
        GoodSince = s.GoodSince?.UtcTicks,
        EvaluatedAt = s.EvaluatedAt.UtcTicks,
        Stalled = s.Stalled ? 1 : 0,
    };

    /// <summary>The same with its key, to be stored for the first time: under one key of data at rest, a value is sealed once.</summary>
    public RolloutRow WithKey(ReadOnlySpan<byte> key, AtRestKeys keys) => keys.Seals ? this with { MemberKeySealed = keys.Seal(key, RolloutKeySealing.PlaceOf(Number)) } : this with { MemberKey = key.ToArray() };

    /// <summary>The rollout without its members.</summary>
    public RolloutState ToHead(IEnumerable<StageRow> stages, IEnumerable<WayRow> ways, AtRestKeys keys) => new(
        Plan is null ? OldPlan(stages, KeyOf(keys)) : PlanReader.ReadStored(PlanDocument.Parse(Encoding.UTF8.GetBytes(Plan)), $"r{Number}", KeyOf(keys), (_, version) => ReleaseOf(version, ways)),
        Enum.Parse<RolloutStatus>(Status),
        (int)Stage,
        ImmutableDictionary<DeviceId, Member>.Empty,
        Reason)
    {
        Author = Author,
        Approval = ApprovedBy is null ? null : new Approval(ApprovedBy, MomentOf(ApprovedAt), Sha256Digest.Parse(ApprovedManifest!), Sha256Digest.Parse(ApprovedPlan!)),
        Clock = MomentOf(Clock),
        RampSince = MomentOf(RampSince),
        GoodSince = GoodSince is { } since ? MomentOf(since) : null,
        EvaluatedAt = MomentOf(EvaluatedAt),
        Stalled = Stalled != 0,
    };

    public static DateTimeOffset MomentOf(long ticks) => new(ticks, TimeSpan.Zero);

    private PlannedRelease ReleaseOf(ReleaseVersion version, IEnumerable<WayRow> ways) => version.ToString() == Version
        ? new PlannedRelease(version, Target, Sha256Digest.Parse(ManifestDigest), new SecurityVersion((uint)SecurityVersion))
        : ways.Single(w => w.Version == version.ToString()).ToRelease();

    private byte[] KeyOf(AtRestKeys keys) => MemberKeySealed is null ? MemberKey : keys.Open(MemberKeySealed, RolloutKeySealing.PlaceOf(Number));

    private RolloutPlan OldPlan(IEnumerable<StageRow> stages, byte[] key) => new()
    {
        Id = $"r{Number}",
        Product = ProductName.Parse(Product),
        Version = ReleaseVersion.Parse(Version),
        TargetPath = Target,
        ManifestDigest = Sha256Digest.Parse(ManifestDigest),
        SecurityVersion = new SecurityVersion((uint)SecurityVersion),
        Stages = [.. stages.OrderBy(static s => s.Stage).Select(static s => new StagePlan(s.Name, (int?)s.Count))],
        AbortAfterFailures = (int)AbortAfterFailures,
        Key = key,
    };
}

/// <summary>A row of the table rollout_ways.</summary>
internal sealed class WayRow
{
    public required long Rollout { get; init; }

    public required string Version { get; init; }

    public required string Target { get; init; }

    public required string ManifestDigest { get; init; }

    public required long SecurityVersion { get; init; }

    public static WayRow From(long rollout, PlannedRelease release) => new()
    {
        Rollout = rollout,
        Version = release.Version.ToString(),
        Target = release.TargetPath,
        ManifestDigest = release.ManifestDigest.ToString(),
        SecurityVersion = release.SecurityVersion.Value,
    };

    public PlannedRelease ToRelease() => new(ReleaseVersion.Parse(Version), Target, Sha256Digest.Parse(ManifestDigest), new SecurityVersion((uint)SecurityVersion));
}

/// <summary>A row of the table rollout_stages: plans from before version 6 of the database alone have these.</summary>
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

    public required string Evidence { get; init; }

    public required long Serial { get; init; }

    public required long Retries { get; init; }

    public long? Via { get; init; }

    public long? Passed { get; init; }

    public required long Silent { get; init; }

    /// <summary>Whether the member was let go: programs that do not know it take it for one whose grant was taken back.</summary>
    public long HasLeft { get; init; }

    public required long GrantedAt { get; init; }

    public required long HeardAt { get; init; }

    public static MemberRow From(long rollout, Member m) => new()
    {
        Rollout = rollout,
        Device = m.Device.ToString(),
        Stage = m.Stage,
        Status = (m.Status == MemberStatus.Left ? MemberStatus.Withdrawn : m.Status).ToString(),
        HasLeft = m.Status == MemberStatus.Left ? 1 : 0,
        Deferral = m.Deferral,
        Evidence = m.Evidence.ToString(),
        Serial = m.Serial,
        Retries = m.Retries,
        Via = m.Via,
        Passed = m.Passed,
        Silent = m.Silent ? 1 : 0,
        GrantedAt = m.GrantedAt.UtcTicks,
        HeardAt = m.HeardAt.UtcTicks,
    };

    public Member ToMember() => new(DeviceId.Parse(Device), (int)Stage, HasLeft != 0 && Status == nameof(MemberStatus.Withdrawn) ? MemberStatus.Left : Enum.Parse<MemberStatus>(Status))
    {
        Deferral = Deferral,
        Evidence = Enum.Parse<Evidence>(Evidence),
        Serial = (int)Serial,
        Retries = (int)Retries,
        Via = (int?)Via,
        Passed = (int?)Passed,
        Silent = Silent != 0,
        GrantedAt = RolloutRow.MomentOf(GrantedAt),
        HeardAt = RolloutRow.MomentOf(HeardAt),
    };
}
