using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer;

/// <summary>Everything this server logs. Event ids are stable; no message holds a secret, a token, a report's bytes or a stack trace.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Publication {Generation} is in force: timestamp {TimestampVersion}, {Releases} releases")]
    public static partial void Published(ILogger logger, long generation, long timestampVersion, int releases);

    [LoggerMessage(2, LogLevel.Warning, "A publication was refused: {Reason}: {Detail}")]
    public static partial void PublicationRefused(ILogger logger, RejectionReason reason, string detail);

    [LoggerMessage(3, LogLevel.Information, "Rollout {Rollout} is {Status} in stage {Stage}")]
    public static partial void RolloutChanged(ILogger logger, string rollout, RolloutStatus status, int stage);

    [LoggerMessage(4, LogLevel.Debug, "Report {Ordinal} of {Device} is no news")]
    public static partial void ReportIgnored(ILogger logger, DeviceId device, long ordinal);

    [LoggerMessage(5, LogLevel.Warning, "A report of {Device} was refused: {Reason}: {Detail}")]
    public static partial void ReportRefused(ILogger logger, DeviceId device, RejectionReason reason, string detail);

    [LoggerMessage(6, LogLevel.Information, "A client certificate was refused: {Detail}")]
    public static partial void CertificateRefused(ILogger logger, string detail);

    public static void RequestFailed(ILogger logger, Exception failure, string method, string path) => RequestFailed(logger, method, path, OneLine(failure));

    [LoggerMessage(8, LogLevel.Information, "No administrator had a credential: a token of one is in {File}")]
    public static partial void BootstrapToken(ILogger logger, string file);

    public static void TlsKeyFailed(ILogger logger, Exception failure) => TlsKeyFailed(logger, OneLine(failure));

    [LoggerMessage(10, LogLevel.Warning, "{Device} reports with another certified key: wanted {Before}, got {Now}; its reports are counted anew")]
    public static partial void DeviceKeyChanged(ILogger logger, DeviceId device, KeyId before, KeyId now);

    [LoggerMessage(11, LogLevel.Information, "Delta pack {Base} -> {Image}: {State}, {Size} bytes, for {Devices} devices")]
    public static partial void DeltaMade(ILogger logger, Sha256Digest @base, Sha256Digest image, DeltaState state, long size, int devices);

    public static void DeltaFailed(ILogger logger, Exception failure, Sha256Digest @base, Sha256Digest image, int failures) => DeltaFailed(logger, @base, image, failures, OneLine(failure));

    public static void DeltaPutOff(ILogger logger, Exception failure, Sha256Digest @base, Sha256Digest image) => DeltaPutOff(logger, @base, image, OneLine(failure));

    [LoggerMessage(13, LogLevel.Information, "Delta packs: told to stop; the one that was being made is made after the next start")]
    public static partial void DeltasStopped(ILogger logger);

    public static void DeltaRunFailed(ILogger logger, Exception failure) => DeltaRunFailed(logger, OneLine(failure));

    [LoggerMessage(14, LogLevel.Warning, "Delta pack {Pack} ({Base} -> {Image}) is not in the content store any more: it is made again")]
    public static partial void DeltaMissing(ILogger logger, Sha256Digest pack, Sha256Digest @base, Sha256Digest image);

    public static void ManifestUnreadable(ILogger logger, Exception failure, string path) => ManifestUnreadable(logger, path, OneLine(failure));

    public static void DeltasNotScheduled(ILogger logger, Exception failure) => DeltasNotScheduled(logger, OneLine(failure));

    [LoggerMessage(7, LogLevel.Error, "{Method} {Path} failed: {Failure}")]
    private static partial void RequestFailed(ILogger logger, string method, string path, string failure);

    [LoggerMessage(9, LogLevel.Error, "The TLS key could not sign: {Failure}")]
    private static partial void TlsKeyFailed(ILogger logger, string failure);

    [LoggerMessage(12, LogLevel.Warning, "Delta pack {Base} -> {Image} failed for the {Failures}. time: {Failure}")]
    private static partial void DeltaFailed(ILogger logger, Sha256Digest @base, Sha256Digest image, int failures, string failure);

    [LoggerMessage(15, LogLevel.Warning, "{Path} cannot be read, so there are no delta packs for its release until it can: {Failure}")]
    private static partial void ManifestUnreadable(ILogger logger, string path, string failure);

    [LoggerMessage(16, LogLevel.Information, "Delta packs are not looked at now: {Failure}")]
    private static partial void DeltasNotScheduled(ILogger logger, string failure);

    [LoggerMessage(17, LogLevel.Error, "Delta packs: the run failed, and is done again within a minute: {Failure}")]
    private static partial void DeltaRunFailed(ILogger logger, string failure);

    [LoggerMessage(18, LogLevel.Warning, "Delta pack {Base} -> {Image} cannot be made now, and is tried again by the next run: {Failure}")]
    private static partial void DeltaPutOff(ILogger logger, Sha256Digest @base, Sha256Digest image, string failure);

    [LoggerMessage(19, LogLevel.Information, "Delta pack {Base} -> {Image}: {State} came of it when version {Maker} made it, and this is version {Version}: it is tried again")]
    public static partial void DeltaOfOtherMaker(ILogger logger, Sha256Digest @base, Sha256Digest image, DeltaState state, int maker, int version);

    [LoggerMessage(20, LogLevel.Information, "Delta pack {Base} -> {Image}: nobody has wanted it since {Wanted:d}; it is removed")]
    public static partial void DeltaRemoved(ILogger logger, Sha256Digest @base, Sha256Digest image, DateTimeOffset wanted);

    public static void EvaluationFailed(ILogger logger, Exception failure) => EvaluationFailed(logger, OneLine(failure));

    [LoggerMessage(21, LogLevel.Error, "Rollouts could not be judged, and are again within a minute: {Failure}")]
    private static partial void EvaluationFailed(ILogger logger, string failure);

    [LoggerMessage(22, LogLevel.Information, "Rollout {Rollout}: {Kind} by {By}: {Why}")]
    public static partial void RolloutDecided(ILogger logger, string rollout, DecisionKind kind, string by, string why);

    [LoggerMessage(28, LogLevel.Warning, "Rollout {Rollout}: this machine has no time zone {Zone} (Debian: tzdata); its windows do not open for devices that have none of their own")]
    public static partial void PlanZoneMissing(ILogger logger, string rollout, string zone);

    [LoggerMessage(29, LogLevel.Warning, "This machine has no time zone {Zone} (Debian: tzdata); it counts as unknown for {Devices} devices")]
    public static partial void DeviceZoneMissing(ILogger logger, string zone, int devices);
    public static void SightingsNotWritten(ILogger logger, Exception failure) => SightingsNotWritten(logger, OneLine(failure));

    [LoggerMessage(23, LogLevel.Warning, "When devices were seen could not be written down, and is again in a moment: {Failure}")]
    private static partial void SightingsNotWritten(ILogger logger, string failure);

    public static void StoreAway(ILogger logger, Exception failure, string method, string path) => StoreAway(logger, method, path, OneLine(failure));

    public static void ListenerLost(ILogger logger, Exception failure) => ListenerLost(logger, OneLine(failure));

    [LoggerMessage(24, LogLevel.Warning, "{Method} {Path} was put off: {Failure}")]
    private static partial void StoreAway(ILogger logger, string method, string path, string failure);

    [LoggerMessage(25, LogLevel.Warning, "What other servers change is not heard now, and everything is read again in a moment: {Failure}")]
    private static partial void ListenerLost(ILogger logger, string failure);

    [LoggerMessage(26, LogLevel.Information, "Hears what other servers change")]
    public static partial void Listening(ILogger logger);

    [LoggerMessage(30, LogLevel.Information, "{Device} asks for a new certificate: request {Request}")]
    public static partial void RenewalRequested(ILogger logger, DeviceId device, Sha256Digest request);

    [LoggerMessage(31, LogLevel.Warning, "{Device}: its request for a new certificate was refused: {Reason}: {Detail}")]
    public static partial void RenewalRequestRefused(ILogger logger, DeviceId device, RejectionReason reason, string detail);

    [LoggerMessage(32, LogLevel.Information, "{Device}: the authority answered request {Request}: {State}")]
    public static partial void RenewalAnswered(ILogger logger, DeviceId device, Sha256Digest request, EnrolmentState state);

    [LoggerMessage(33, LogLevel.Information, "{Device}: its certificate ended on {End:u}, and is still good for {Use}")]
    public static partial void ExpiredCertificateAccepted(ILogger logger, DeviceId device, DateTime end, CertificateUse use);

    [LoggerMessage(40, LogLevel.Information, "Access: {Kind}, {About}, by {By}: {Detail}")]
    public static partial void AccessDecided(ILogger logger, AccessDecisionKind kind, string about, string by, string detail);

    [LoggerMessage(41, LogLevel.Warning, "A revocation list was not taken, and the one of before counts: {Wrong}")]
    public static partial void RevocationListRefused(ILogger logger, string wrong);

    [LoggerMessage(42, LogLevel.Warning, "The authorisation server cannot be asked: {Failure}")]
    public static partial void AuthorizationServerAway(ILogger logger, string failure);

    [LoggerMessage(50, LogLevel.Information, "Log {Origin}: the signer signed for {Size} entries")]
    public static partial void CheckpointTaken(ILogger logger, string origin, long size);

    [LoggerMessage(51, LogLevel.Critical, "The log lacks entries that it had: {Detail}")]
    public static partial void EntriesMissing(ILogger logger, string detail);

    [LoggerMessage(52, LogLevel.Error, "Webhook {Hook}: entry {Entry} was given up after {Attempts} attempts: {Problem}")]
    public static partial void WebhookGivenUp(ILogger logger, string hook, long entry, int attempts, string problem);

    public static void WebhooksFailed(ILogger logger, Exception failure) => WebhooksFailed(logger, OneLine(failure));

    [LoggerMessage(53, LogLevel.Error, "Messages of webhooks wait, as the store could not be asked: {Failure}")]
    private static partial void WebhooksFailed(ILogger logger, string failure);

    [LoggerMessage(55, LogLevel.Critical, "This server ends: {Why}")]
    public static partial void RuledOut(ILogger logger, string why);

    public static void AlarmsNotJudged(ILogger logger, Exception failure) => AlarmsNotJudged(logger, OneLine(failure));

    [LoggerMessage(54, LogLevel.Error, "Alarms were not judged, and are next time: {Failure}")]
    private static partial void AlarmsNotJudged(ILogger logger, string failure);

    public static void ContentNotLookedAt(ILogger logger, Exception failure) => ContentNotLookedAt(logger, OneLine(failure));

    [LoggerMessage(60, LogLevel.Warning, "The content store is away, and whether delta packs are in it is looked at later: {Failure}")]
    private static partial void ContentNotLookedAt(ILogger logger, string failure);

    public static void TransferBroken(ILogger logger, Exception failure, string method, string path) => TransferBroken(logger, method, path, OneLine(failure));

    [LoggerMessage(61, LogLevel.Warning, "{Method} {Path} broke off in the middle: {Failure}")]
    private static partial void TransferBroken(ILogger logger, string method, string path, string failure);

    public static void ReadAddressesNotRenewed(ILogger logger, Exception failure) => ReadAddressesNotRenewed(logger, OneLine(failure));

    [LoggerMessage(62, LogLevel.Warning, "Devices are not sent to the storage from the end of the last read address on, unless there is a new one: {Failure}")]
    private static partial void ReadAddressesNotRenewed(ILogger logger, string failure);

    public static void ShutOutHeardLater(ILogger logger, Exception failure) => ShutOutHeardLater(logger, OneLine(failure));

    [LoggerMessage(66, LogLevel.Warning, "Who is shut out is stored, and rollouts let go of them at the next evaluation: {Failure}")]
    private static partial void ShutOutHeardLater(ILogger logger, string failure);

    public static void CheckFailed(ILogger logger, string check, Exception failure) => CheckFailed(logger, check, OneLine(failure));

    [LoggerMessage(63, LogLevel.Error, "Readiness: {Check} could not be looked at: {Failure}")]
    private static partial void CheckFailed(ILogger logger, string check, string failure);

    [LoggerMessage(64, LogLevel.Warning, "Readiness: {Check} is {Status}: {Detail}")]
    public static partial void ReadinessChanged(ILogger logger, string check, string status, string detail);

    [LoggerMessage(65, LogLevel.Warning, "server.json names no keys of data at rest (atRest): the keys of rollouts are in the database and its backups as they are")]
    public static partial void NothingSealed(ILogger logger);

    /// <summary>What an operator can use of an exception: its type and what it says. A trace would only frighten.</summary>
    private static string OneLine(Exception failure) => $"{failure.GetType().Name}: {failure.Message.ReplaceLineEndings(" ")}";
}
