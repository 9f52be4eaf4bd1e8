using System.Text.Json;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Reporting;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent.State;

/// <summary>
/// Everything the agent remembers, in one file. So a step of the journal and the report about it become durable together: after no power
/// cut is one there without the other.
/// </summary>
internal sealed record AgentState
{
    /// <summary>How many failed releases are remembered; the oldest is forgotten first.</summary>
    private const int MaxFailed = 64;

    /// <summary>The newest confirmed release: the reference for rollback checks.</summary>
    public required InstalledRelease Confirmed { get; init; }

    /// <summary>The update under way, or null.</summary>
    public UpdateJournal? Journal { get; init; }

    /// <summary>Manifest digests of releases that failed their trial here (A41).</summary>
    public IReadOnlyList<Sha256Digest> Failed { get; init; } = [];

    /// <summary>Reports that the server has not taken yet, the oldest first.</summary>
    public IReadOnlyList<DeviceReport> Reports { get; init; } = [];

    /// <summary>Why the last update came to nothing; null when none did since the last success.</summary>
    public Rejection? LastFailure { get; init; }

    /// <summary>What the last image that was fetched as a whole took; null before the first.</summary>
    public ImageTransfer? LastTransfer { get; init; }

    /// <summary>
    /// The latest update start time that led to accepted metadata. Time is never taken as earlier: a clock that is set back revives nothing that
    /// had expired by then (A03). One that ran ahead and was believed shortens what later metadata is worth to the device until true time has caught up.
    /// </summary>
    public DateTimeOffset LatestTrustedTime { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>Every ordinal that was ever used lies below.</summary>
    public long NextOrdinal { get; init; } = 1;

    public AgentState WithFailed(Sha256Digest manifest) =>
        Failed.Contains(manifest) ? this : this with { Failed = [.. Failed.TakeLast(MaxFailed - 1), manifest] };

    public static AgentState Read(JsonElement json) => new()
    {
        Confirmed = InstalledRelease.Read(json.GetProperty("confirmed")),
        Journal = ReadOptional(json.GetProperty("journal"), UpdateJournal.Read),
        Failed = [.. json.GetProperty("failed").EnumerateArray().Select(static item => Sha256Digest.Parse(item.GetString()!))],
        Reports = [.. json.GetProperty("reports").EnumerateArray().Select(ReportJson.Read)],
        LastFailure = ReadOptional(json.GetProperty("last_failure"), static item => new Rejection(item.RequiredEnum<RejectionReason>("reason"), item.RequiredText("detail"))),
        LastTransfer = json.TryGetProperty("last_transfer", out JsonElement transfer) ? ReadOptional(transfer, ImageTransfer.Read) : null, // not in older files
        LatestTrustedTime = DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("latest_trusted_time").GetInt64()),
        NextOrdinal = json.GetProperty("next_ordinal").GetInt64(),
    };

    public void Write(Utf8JsonWriter json)
    {
        Confirmed.Write(json, "confirmed");
        if (Journal is null)
        {
            json.WriteNull("journal");
        }
        else
        {
            Journal.Write(json, "journal");
        }

        json.WriteStartArray("failed");
        foreach (Sha256Digest digest in Failed)
        {
            json.WriteStringValue(digest.ToString());
        }

        json.WriteEndArray();
        json.WriteStartArray("reports");
        foreach (DeviceReport report in Reports)
        {
            ReportJson.Write(json, report);
        }

        json.WriteEndArray();
        if (LastFailure is null)
        {
            json.WriteNull("last_failure");
        }
        else
        {
            json.WriteStartObject("last_failure");
            json.WriteString("reason", LastFailure.Reason.ToString());
            json.WriteString("detail", LastFailure.Detail);
            json.WriteEndObject();
        }

        if (LastTransfer is null)
        {
            json.WriteNull("last_transfer");
        }
        else
        {
            LastTransfer.Write(json, "last_transfer");
        }

        json.WriteNumber("latest_trusted_time", LatestTrustedTime.ToUnixTimeSeconds());
        json.WriteNumber("next_ordinal", NextOrdinal);
    }

    private static T? ReadOptional<T>(JsonElement json, Func<JsonElement, T> read)
        where T : class => json.ValueKind == JsonValueKind.Null ? null : read(json);
}
