using System.Text;
using System.Text.Json;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.State;
using Fota.Manifest;

namespace Fota.DeviceAgent.Daemon;

/// <summary>A device's status as text.</summary>
internal static class StatusText
{
    public static string Json(DeviceStatus status)
    {
        DeviceIdentity identity = status.Identity!;
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("device", identity.Device);
            json.WriteString("product", identity.Product.ToString());
            json.WriteString("version", status.Running.Release.Version.ToString());
            json.WriteString("slot", status.Running.Running.ToString());
            json.WriteNumber("floor", status.Floor.Value);
            json.WriteNumber("sequence", status.Running.Release.Sequence.Value);
            json.WriteString("manifest_digest", status.Running.Release.ManifestDigest.ToString());
            json.WriteString("state", State(status));
            json.WriteNumber("queued_reports", status.QueuedReports);
            if (status.LastFailure is { } failure)
            {
                json.WriteStartObject("last_failure");
                json.WriteString("reason", failure.Reason.ToString());
                json.WriteString("detail", failure.Detail);
                json.WriteEndObject();
            }
            else
            {
                json.WriteNull("last_failure");
            }

            WriteTransfer(json, status.LastTransfer);
            WriteDeferral(json, status.WaitsFor);
            json.WriteBoolean("floor_lags", status.FloorLags);
            WriteCertificate(json, status.Certificate);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    public static string ForPeople(DeviceStatus status)
    {
        DeviceIdentity identity = status.Identity!;
        string line = $"{identity.Device}: {identity.Product} {status.Running.Release.Version} in slot {status.Running.Running}, floor {status.Floor}, sequence {status.Running.Release.Sequence}, {State(status)}";
        if (status.LastTransfer is { } transfer)
        {
            string how = transfer.Kind switch
            {
                TransferKind.Full => "as the full pack",
                TransferKind.Delta => "as a delta",
                _ => "as a delta, then as the full pack",
            };
            line = $"{line}; {transfer.Release}: fetched {transfer.Bytes} of {transfer.ImageSize} bytes {how}";
        }

        if (status.WaitsFor is { } waits)
        {
            line = $"{line}; {waits.Release.Version} waits, manifest {waits.Release.ManifestDigest}: {waits.Detail}";
        }

        line = status.Certificate is not { } certificate ? line : $"{line}; certificate until {certificate.Expires.UtcDateTime:yyyy-MM-dd}{(certificate.IsPending ? ", a new one is asked for" : "")}";
        return status.LastFailure is { } failure ? $"{line}; last failure {failure}" : line;
    }

    private static void WriteCertificate(Utf8JsonWriter json, CertificateStatus? certificate)
    {
        if (certificate is null)
        {
            json.WriteNull("certificate");
            return;
        }

        json.WriteStartObject("certificate");
        json.WriteString("expires", certificate.Expires.UtcDateTime);
        json.WriteString("renew_from", certificate.RenewFrom.UtcDateTime);
        json.WriteBoolean("renewal_pending", certificate.IsPending);
        json.WriteEndObject();
    }

    private static void WriteTransfer(Utf8JsonWriter json, ImageTransfer? transfer)
    {
        if (transfer is null)
        {
            json.WriteNull("last_transfer");
            return;
        }

        json.WriteStartObject("last_transfer");
        json.WriteString("release", transfer.Release.ToString());
        json.WriteString("kind", transfer.Kind switch { TransferKind.Full => "full", TransferKind.Delta => "delta", _ => "delta_then_full" });
        json.WriteNumber("bytes", transfer.Bytes);
        json.WriteNumber("image_size", transfer.ImageSize);
        json.WriteEndObject();
    }

    private static void WriteDeferral(Utf8JsonWriter json, Deferral? waits)
    {
        if (waits is null)
        {
            json.WriteNull("waits_for");
            return;
        }

        json.WriteStartObject("waits_for");
        json.WriteString("version", waits.Release.Version.ToString());
        json.WriteString("manifest_digest", waits.Release.ManifestDigest.ToString());
        json.WriteString("point", waits.Point.ToString().ToLowerInvariant());
        json.WriteStartArray("gates");
        foreach (GateKind gate in waits.Gates)
        {
            json.WriteStringValue(gate.Name());
        }

        json.WriteEndArray();
        json.WriteString("detail", waits.Detail);
        json.WriteEndObject();
    }

    private static string State(DeviceStatus status) => status.Step?.ToString().ToLowerInvariant() ?? "idle";
}
