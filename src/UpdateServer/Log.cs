using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer;

/// <summary>Everything this server logs. Event ids are stable; no message holds a secret, a token or a report's bytes.</summary>
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

    [LoggerMessage(6, LogLevel.Information, "A device certificate was refused: {Detail}")]
    public static partial void CertificateRefused(ILogger logger, string detail);

    [LoggerMessage(7, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(8, LogLevel.Information, "First start: the operator token is in {File}")]
    public static partial void BootstrapToken(ILogger logger, string file);

    [LoggerMessage(9, LogLevel.Error, "The TLS key could not sign")]
    public static partial void TlsKeyFailed(ILogger logger, Exception exception);

    [LoggerMessage(10, LogLevel.Warning, "{Device} reports with another certified key: wanted {Before}, got {Now}; its reports are counted anew")]
    public static partial void DeviceKeyChanged(ILogger logger, DeviceId device, KeyId before, KeyId now);
}
