using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Releases;

namespace Fota.UpdateServer.Audit;

/// <summary>What the log says of changes of people and revocations, of requests for certificates, and of publications.</summary>
internal static class OtherEntries
{
    /// <summary>
    /// By what somebody is known elsewhere is not in it: a log forgets nothing, and people may have to be forgotten. Whoever has the decision's row can prove by the digest that it says what it
    /// said; without the row, and its salt, the digest says nothing.
    /// </summary>
    public static AuditEvent Of(AccessDecision decision, byte[] salt) => new(decision.At, new LogEvent(
        decision.Kind switch
        {
            AccessDecisionKind.PersonSet => "person.set",
            AccessDecisionKind.PersonRemoved => "person.removed",
            AccessDecisionKind.TokenCreated => "token.created",
            AccessDecisionKind.TokenRevoked => "token.revoked",
            AccessDecisionKind.DeviceRevoked => "device.revoked",
            AccessDecisionKind.DeviceReinstated => "device.reinstated",
            _ => throw new ArgumentOutOfRangeException(nameof(decision), decision.Kind, "no entry says this"),
        },
        decision.By,
        decision.About,
        ("detail", decision.ForLog ?? decision.Detail),
        ("detail_sha256", AccessDecision.DigestOf(salt, decision.Detail))));

    /// <param name="enrolment">The request, as it is now.</param>
    /// <param name="by">Who answered; the device itself where nobody has.</param>
    public static AuditEvent Of(EnrolmentRecord enrolment, string by) => new(enrolment.Answered ?? enrolment.Received, new LogEvent(
        AuditKinds.Enrolment + (enrolment.State == EnrolmentState.Waiting ? "requested" : JsonNamingPolicy.SnakeCaseLower.ConvertName(enrolment.State.ToString())),
        by,
        enrolment.Device.ToString(),
        ("product", enrolment.Product),
        ("key_id", enrolment.Key),
        ("request_sha256", enrolment.RequestDigest),
        ("certificate_sha256", enrolment.Certificate is { } certificate ? Sha256Digest.Of(certificate.Span) : null),
        ("detail", enrolment.Detail)));

    /// <summary>The publication, then each release that it lists or lists no more.</summary>
    public static IReadOnlyList<AuditEvent> Of(Publication before, Publication after, Publishing source) =>
    [
        new(source.At, new LogEvent(AuditKinds.PublicationTaken, source.By, $"publication {after.Generation}", ("timestamp", after.TimestampVersion), ("releases", after.Releases.Length))),
        .. after.Releases.Except(before.Releases).Select(r => OfRelease(AuditKinds.ReleaseListed, r, source)),
        .. before.Releases.Where(r => !after.Releases.Any(other => other.Product.Equals(r.Product) && other.Version.Equals(r.Version))).Select(r => OfRelease(AuditKinds.ReleaseUnlisted, r, source)),
    ];

    private static AuditEvent OfRelease(string kind, Release release, Publishing source) => new(source.At, new LogEvent(
        kind,
        source.By,
        $"{release.Product} {release.Version}",
        ("target", release.Target),
        ("manifest", release.ManifestDigest),
        ("sequence", release.Sequence),
        ("security_version", release.SecurityVersion),
        ("gate_override", release.GateOverride.Gates.Count > 0 ? string.Join(", ", release.GateOverride.Gates.Select(GateKinds.Name)) : null)));
}

/// <summary>Who brought a publication, and when.</summary>
/// <param name="At">When.</param>
/// <param name="By">The publisher's name.</param>
internal sealed record Publishing(DateTimeOffset At, string By);
