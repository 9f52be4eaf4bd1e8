using System.Text.Json;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent.Reporting;

/// <summary>A report as it waits in the queue: with its nonce and ordinal, so that every attempt sends the same one (A46).</summary>
internal static class ReportJson
{
    public static void Write(Utf8JsonWriter json, DeviceReport report)
    {
        json.WriteStartObject();
        json.WriteString("device", report.Device);
        json.WriteString("product", report.Product.ToString());
        json.WriteString("deployment", report.Deployment);
        json.WriteString("manifest_digest", report.ManifestDigest.ToString());
        json.WriteNumber("sequence", report.Sequence.Value);
        json.WriteString("running_version", report.RunningVersion.ToString());
        json.WriteNumber("slot", report.Slot);
        json.WriteString("state", report.State.ToString());
        json.WriteNumber("floor", report.Floor.Value);
        json.WriteNumber("time", report.Time.ToUnixTimeSeconds());
        json.WriteNumber("ordinal", report.Ordinal);
        json.WriteBase64String("nonce", report.Nonce.Span);
        json.WriteString("reason", report.Reason.ToString());
        json.WriteString("detail", report.Detail);
        json.WriteEndObject();
    }

    public static DeviceReport Read(JsonElement json) => new()
    {
        Device = json.RequiredText("device"),
        Product = ProductName.Parse(json.RequiredText("product")),
        Deployment = json.OptionalText("deployment"),
        ManifestDigest = Sha256Digest.Parse(json.RequiredText("manifest_digest")),
        Sequence = new SequenceNumber(json.GetProperty("sequence").GetUInt64()),
        RunningVersion = ReleaseVersion.Parse(json.RequiredText("running_version")),
        Slot = json.GetProperty("slot").GetInt32(),
        State = json.RequiredEnum<ReportState>("state"),
        Floor = new SecurityVersion(json.GetProperty("floor").GetUInt32()),
        Time = DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("time").GetInt64()),
        Ordinal = json.GetProperty("ordinal").GetInt64(),
        Nonce = json.GetProperty("nonce").GetBytesFromBase64(),
        Reason = json.RequiredEnum<RejectionReason>("reason"),
        Detail = json.OptionalText("detail"),
    };
}
