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

    /// <summary>Entries of the server's log have waited for the signer for too long.</summary>
    LogUnsigned,

    /// <summary>A device of which nothing is asked says that it refuses the metadata that it is offered, not for its age.</summary>
    MetadataRefused,
}

/// <summary>An alarm as it is stored.</summary>
/// <param name="Number">Its place among all.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Subject">The device; something with a space where it is none.</param>
/// <param name="Product">Its product; null for none.</param>
/// <param name="Raised">Since when.</param>
/// <param name="Cleared">Until when; null while it lasts.</param>
/// <param name="Detail">What was seen.</param>
internal sealed record Alarm(long Number, AlarmKind Kind, string Subject, string? Product, DateTimeOffset Raised, DateTimeOffset? Cleared, string Detail)
{
    /// <summary>When what it tells of was seen last, by whichever server.</summary>
    public required DateTimeOffset Seen { get; init; }

    /// <summary>What has to be reached before it is over, where that is a number.</summary>
    public long Level { get; init; }

    /// <summary>The manifest of the release that the device ran before; null where it is about something else.</summary>
    public string? Before { get; init; }
}

/// <summary>That an alarm begins or ends. What is so already is told to nobody again: one that lasts is seen again by it, and no more.</summary>
/// <param name="Kind">What is wrong, or was.</param>
/// <param name="Subject">The device; something with a space where it is none.</param>
/// <param name="At">When.</param>
/// <param name="IsRaised">Whether it begins.</param>
/// <param name="Detail">What was seen.</param>
internal sealed record AlarmChange(AlarmKind Kind, string Subject, DateTimeOffset At, bool IsRaised, string Detail)
{
    /// <summary>The subject of what is about the server's log. No device has this name: it has a space.</summary>
    public const string ServersLog = "the log";

    /// <summary>So long an alarm lasts at least: what comes and goes with every report is one alarm, and not one a report.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromHours(1);

    /// <summary>The device's product; null for none.</summary>
    public string? Product { get; init; }

    /// <summary>What has to be reached before it ends, where that is a number.</summary>
    public long Level { get; init; }

    /// <summary>The manifest of the release that the device ran before; null where it is about something else.</summary>
    public string? Before { get; init; }

    /// <summary>Whether all was well just before: then an alarm that lasts still is judged by <see cref="Before"/> of this one from now on.</summary>
    public bool IsAnew { get; init; }

    /// <summary>Where it ends: when it had been seen last as far as whoever judged it knew. Seen later than that, it goes on.</summary>
    public DateTimeOffset Judged { get; init; }

    /// <summary>Since when an alarm has to last to end at this moment.</summary>
    public DateTimeOffset Ripe => At - Least;

    /// <summary>The subject of what is about one server alone.</summary>
    public static string ServerOf(string id) => $"server {id}";

    /// <summary>The end of an alarm.</summary>
    public static AlarmChange End(Alarm alarm, DateTimeOffset now, string why) => new(alarm.Kind, alarm.Subject, now, false, why) { Product = alarm.Product, Judged = alarm.Seen };

    /// <summary>The kind as documents and programs name it.</summary>
    public static string Word(AlarmKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    /// <summary>The entry of it.</summary>
    public AuditEvent ToEvent() => new(At, new LogEvent(IsRaised ? "alarm.raised" : "alarm.cleared", "server", Subject, ("alarm", Word(Kind)), ("product", Product), ("detail", Detail)));
}
