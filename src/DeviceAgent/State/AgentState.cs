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

    /// <summary>The deployment that brought <see cref="Confirmed"/>, for what is to be said of it later; null when none did.</summary>
    public string? ConfirmedDeployment { get; init; }

    /// <summary>The update under way, or null.</summary>
    public UpdateJournal? Journal { get; init; }

    /// <summary>Manifest digests of releases that failed their trial here, or could not be written again and again (A41).</summary>
    public IReadOnlyList<Sha256Digest> Failed { get; init; } = [];

    /// <summary>Reports that the server has not taken yet, the oldest first.</summary>
    public IReadOnlyList<DeviceReport> Reports { get; init; } = [];

    /// <summary>Why the last update came to nothing; null when none did since the last success.</summary>
    public Rejection? LastFailure { get; init; }

    /// <summary>What the last image that was fetched as a whole took; null before the first.</summary>
    public ImageTransfer? LastTransfer { get; init; }

    /// <summary>The update that waits for a gate, or null.</summary>
    public Deferral? Deferral { get; init; }

    /// <summary>Which gates were overridden for the activation that comes next, until that is reported; null for none.</summary>
    public string? Overridden { get; init; }

    /// <summary>Since when the trial that goes on is undecided, by the device's clock; null when none is.</summary>
    public DateTimeOffset? UndecidedSince { get; init; }

    /// <summary>The floor that is still to rise, or null.</summary>
    public PendingFloor? PendingFloor { get; init; }

    /// <summary>Failures to write the release that was tried last; null for none.</summary>
    public SlotFailures? SlotFailures { get; init; }

    /// <summary>The last look at metadata while nothing was assigned; null before the first.</summary>
    public MetadataLook? Metadata { get; init; }

    /// <summary>Every ordinal that was ever used lies below.</summary>
    public long NextOrdinal { get; init; } = 1;

    public AgentState WithFailed(Sha256Digest manifest) =>
        Failed.Contains(manifest) ? this : this with { Failed = [.. Failed.TakeLast(MaxFailed - 1), manifest] };

    public AgentState WithoutFailed(Sha256Digest manifest) => this with { Failed = [.. Failed.Where(failed => failed != manifest)] };

    /// <summary>The state after an attempt whose slot did not come to hold the release; after too many in a row it counts as failed.</summary>
    public AgentState WithSlotFailure(Sha256Digest manifest)
    {
        int count = SlotFailures?.Manifest == manifest ? SlotFailures.Count + 1 : 1;
        return count < SlotFailures.Most ? this with { SlotFailures = new SlotFailures(manifest, count) } : WithFailed(manifest) with { SlotFailures = null };
    }

    public static AgentState Read(JsonElement json) => new()
    {
        Confirmed = InstalledRelease.Read(json.GetProperty("confirmed")),
        ConfirmedDeployment = json.TryGetProperty("confirmed_deployment", out JsonElement brought) ? brought.GetString() : null,
        Journal = StoredJson.ReadKnown(json.GetProperty("journal"), UpdateJournal.Read),
        Failed = [.. json.GetProperty("failed").EnumerateArray().Select(static item => Sha256Digest.Parse(item.GetString()!))],
        Reports = [.. json.GetProperty("reports").EnumerateArray().Select(static item => StoredJson.ReadKnown(item, ReportJson.Read)).OfType<DeviceReport>()],
        LastFailure = StoredJson.ReadKnown(json.GetProperty("last_failure"), static item => new Rejection(item.RequiredEnum<RejectionReason>("reason"), item.RequiredText("detail"))),
        LastTransfer = ReadLater(json, "last_transfer", ImageTransfer.Read),
        Deferral = ReadLater(json, "deferral", Deferral.Read),
        Overridden = json.TryGetProperty("overridden", out JsonElement overridden) ? overridden.GetString() : null,
        UndecidedSince = json.TryGetProperty("undecided_since", out JsonElement since) && since.ValueKind != JsonValueKind.Null ? DateTimeOffset.FromUnixTimeSeconds(since.GetInt64()) : null,
        PendingFloor = ReadLater(json, "pending_floor", PendingFloor.Read),
        SlotFailures = ReadLater(json, "slot_failures", SlotFailures.Read),
        Metadata = ReadLater(json, "metadata", MetadataLook.Read),
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

        WriteLater(json);
        json.WriteNumber("next_ordinal", NextOrdinal);
    }

    private void WriteLater(Utf8JsonWriter json)
    {
        Deferral?.Write(json, "deferral");
        if (Overridden is not null)
        {
            json.WriteString("overridden", Overridden);
        }

        if (UndecidedSince is { } since)
        {
            json.WriteNumber("undecided_since", since.ToUnixTimeSeconds());
        }

        if (ConfirmedDeployment is not null)
        {
            json.WriteString("confirmed_deployment", ConfirmedDeployment);
        }

        PendingFloor?.Write(json, "pending_floor");
        SlotFailures?.Write(json, "slot_failures");
        Metadata?.Write(json, "metadata");
    }

    // Members that older files do not have, and that are not written while there is nothing to say.
    private static T? ReadLater<T>(JsonElement json, string name, Func<JsonElement, T> read)
        where T : class => json.TryGetProperty(name, out JsonElement value) ? StoredJson.ReadKnown(value, read) : null;
}
