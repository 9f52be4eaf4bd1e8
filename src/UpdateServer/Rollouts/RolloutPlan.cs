using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Fota.Manifest;
using Fota.UpdateServer.Devices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What an operator asked for; it never changes.</summary>
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

    /// <summary>At least one; only the last may be without a count.</summary>
    public required ImmutableArray<StagePlan> Stages { get; init; }

    /// <summary>At least 1.</summary>
    public required int AbortAfterFailures { get; init; }

    /// <summary>Random, and stored: who is in which stage can be worked out again by anyone who has it, and by nobody before.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The name under which <paramref name="device"/> hears of this rollout and reports on it.</summary>
    public string DeploymentOf(DeviceId device) => $"{Id}-{device}";

    /// <summary>The place of <paramref name="device"/> in the order in which stages take their members.</summary>
    public byte[] RankOf(DeviceId device) => HMACSHA256.HashData(Key.Span, Encoding.UTF8.GetBytes(device.ToString()));
}

/// <summary>One step of a rollout.</summary>
/// <param name="Name">For people.</param>
/// <param name="Count">How many devices it takes; null for all that are left.</param>
internal sealed record StagePlan(string Name, int? Count);
