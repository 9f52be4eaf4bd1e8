using System.Text.Json;
using Fota.Manifest.Log;
using Fota.UpdateServer.Audit;

namespace Fota.UpdateServer.Alarms;

/// <summary>What somebody should look at (docs/spec/alarms.md).</summary>
internal enum AlarmKind
{
    None = 0,

    /// <summary>A device has not been heard of for so long that it can have no fresh metadata from here, or says that what it has is over.</summary>
    MetadataStale,

    /// <summary>A device says that it runs for good what no rollout asked it for.</summary>
    UnassignedVersion,

    /// <summary>A device's security floor is lower than it was.</summary>
    FloorLowered,

    /// <summary>Two devices report by one certificate and key.</summary>
    CertificateTwice,

    /// <summary>Requests are refused in large numbers.</summary>
    RefusalBurst,
}

/// <summary>An alarm as it is stored.</summary>
/// <param name="Number">Its place among all.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Subject">The device; <see cref="AlarmChange.Server"/> for none.</param>
/// <param name="Product">Its product; null for none.</param>
/// <param name="Raised">Since when.</param>
/// <param name="Cleared">Until when; null while it lasts.</param>
/// <param name="Detail">What was seen.</param>
internal sealed record Alarm(long Number, AlarmKind Kind, string Subject, string? Product, DateTimeOffset Raised, DateTimeOffset? Cleared, string Detail);

/// <summary>That an alarm begins or ends. What is so already is changed by nothing, and told to nobody again.</summary>
/// <param name="Kind">What is wrong, or was.</param>
/// <param name="Subject">The device, or <see cref="Server"/>.</param>
/// <param name="At">When.</param>
/// <param name="IsRaised">Whether it begins.</param>
/// <param name="Detail">What was seen.</param>
internal sealed record AlarmChange(AlarmKind Kind, string Subject, DateTimeOffset At, bool IsRaised, string Detail)
{
    /// <summary>The subject of what is about no device. No device has this name: it has a space.</summary>
    public const string Server = "the server";

    /// <summary>The device's product; null for none.</summary>
    public string? Product { get; init; }

    /// <summary>Where it begins: what has to be reached before it ends. Where it ends: what was reached.</summary>
    public long Level { get; init; }

    /// <summary>The kind as documents and programs name it.</summary>
    public static string Word(AlarmKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    /// <summary>The entry of it.</summary>
    public AuditEvent ToEvent() => new(At, new LogEvent(IsRaised ? "alarm.raised" : "alarm.cleared", "server", Subject, ("alarm", Word(Kind)), ("product", Product), ("detail", Detail)));
}
