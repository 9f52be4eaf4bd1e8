using Fota.Manifest.Log;

namespace Fota.UpdateServer.Audit;

/// <summary>Something that changed here, to be entered into the server's log in the transaction of the change.</summary>
/// <param name="At">When.</param>
/// <param name="What">What, by whom and to what.</param>
internal sealed record AuditEvent(DateTimeOffset At, LogEvent What)
{
    /// <summary>The bytes of the entries of <paramref name="events"/>, of which the first has this number.</summary>
    public static byte[][] Encode(long first, IReadOnlyList<AuditEvent> events) => [.. events.Select((e, i) => e.What.At(first + i, e.At).Encode())];
}

/// <summary>The kinds of entries that this server writes (docs/spec/server-log.md).</summary>
internal static class AuditKinds
{
    public const string
        PublicationTaken = "publication.taken",
        ReleaseListed = "release.listed",
        ReleaseUnlisted = "release.unlisted",
        DeviceReported = "device.reported",
        DeviceDescribed = "device.described";

    /// <summary>Before what was decided about a rollout, for example rollout.approved.</summary>
    public const string Rollout = "rollout.";

    /// <summary>Before what became of a request for a certificate.</summary>
    public const string Enrolment = "enrolment.";
}
