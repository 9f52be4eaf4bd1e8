using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What an operator asked for. It changes in a draft alone, and then it is another one to whoever approves (docs/spec/rollouts.md).</summary>
internal sealed record RolloutPlan
{
    public const int KeySize = 32;

    public const int MaxStages = 16;

    /// <summary>"r" and a number, in the order of creation.</summary>
    public required string Id { get; init; }

    public required ProductName Product { get; init; }

    public required ReleaseVersion Version { get; init; }

    public required string TargetPath { get; init; }

    /// <summary>The release is this manifest; the same version re-issued is another one.</summary>
    public required Sha256Digest ManifestDigest { get; init; }

    public required SecurityVersion SecurityVersion { get; init; }

    /// <summary>At least one; only the last may be without a size.</summary>
    public required ImmutableArray<StagePlan> Stages { get; init; }

    /// <summary>Failures over all stages that abort; at least 1.</summary>
    public required int AbortAfterFailures { get; init; }

    /// <summary>Random, and stored: who is in which stage can be worked out again by anyone who has it, and by nobody before.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The share of failures over all stages, in per cent, that aborts once it is beyond doubt (<see cref="FailureShare"/>); null for none.</summary>
    public int? AbortAbovePercent { get; init; }

    /// <summary>Who takes part at all.</summary>
    public DeviceFilter Filter { get; init; } = DeviceFilter.All;

    /// <summary>After so much silence a device that was asked has failed; null: never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>When devices may be asked; null: always.</summary>
    public MaintenanceWindows? Windows { get; init; }

    /// <summary>How often a device is asked again after a failure, by what it said was the reason; not at all for others.</summary>
    public ImmutableSortedDictionary<RejectionReason, int> Retries { get; init; } = ImmutableSortedDictionary<RejectionReason, int>.Empty;

    /// <summary>Releases that a device which runs an older version gets first, the oldest first, all older than the plan's own.</summary>
    public ImmutableArray<PlannedRelease> PassThrough { get; init; } = [];

    /// <summary>Whether a stage that takes the rest takes those that register while it runs.</summary>
    public bool TakesNewcomers { get; init; } = true;

    /// <summary>Whether devices that sign nothing take part (promise P9): only where the plan says so by name.</summary>
    public bool AcceptsReported { get; init; }

    /// <summary>The release that it is about.</summary>
    public PlannedRelease Release => new(Version, TargetPath, ManifestDigest, SecurityVersion);

    /// <summary>The release on the way with this index; the plan's own for null.</summary>
    public PlannedRelease ReleaseOf(int? via) => via is { } index ? PassThrough[index] : Release;

    /// <summary>The name under which <paramref name="device"/> hears of this rollout first, and reports on it.</summary>
    public string DeploymentOf(DeviceId device) => $"{Id}-{device}";

    /// <summary>The name of the <paramref name="serial"/>th grant of a device, from 0: what it says of an earlier one does not count for a later one. No device's name has a '~' in it.</summary>
    public string DeploymentOf(DeviceId device, int serial) => serial == 0 ? DeploymentOf(device) : $"{Id}-{device}~{serial + 1}";

    /// <summary>The place of <paramref name="device"/> in the order in which stages take their members.</summary>
    public byte[] RankOf(DeviceId device) => HMACSHA256.HashData(Key.Span, Encoding.UTF8.GetBytes(device.ToString()));
}

/// <summary>A release that a plan names: its own, or one on the way to it.</summary>
internal sealed record PlannedRelease(ReleaseVersion Version, string TargetPath, Sha256Digest ManifestDigest, SecurityVersion SecurityVersion);
