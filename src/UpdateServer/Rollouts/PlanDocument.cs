using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>A plan as people write it (docs/spec/rollouts.md). What is left out is null; <see cref="PlanReader"/> says what it means then.</summary>
internal sealed record PlanDocument(string Product, string Version, IReadOnlyList<StageDocument> Stages, int AbortAfterFailures)
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 16,
    };

    public string? ManifestDigest { get; init; }

    public int? AbortAbovePercent { get; init; }

    public FilterDocument? Filter { get; init; }

    public int? TimeoutMinutes { get; init; }

    public WindowsDocument? Windows { get; init; }

    public IReadOnlyDictionary<string, int>? Retries { get; init; }

    public IReadOnlyList<PassThroughDocument>? PassThrough { get; init; }

    public string? Newcomers { get; init; }

    public bool? AcceptReported { get; init; }

    /// <summary>Reads the text of one.</summary>
    /// <exception cref="RejectedException">It is not the JSON of a plan.</exception>
    public static PlanDocument Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<PlanDocument>(json, s_json) ?? throw new RejectedException(RejectionReason.Malformed, "plan: wanted a JSON object, got null");
        }
        catch (JsonException e)
        {
            throw new RejectedException(RejectionReason.Malformed, $"plan: wanted the JSON of the specification, got something else at {e.Path}");
        }
    }

    /// <summary>The digest that an approval is bound to: that of the text in <see cref="Canonical"/>.</summary>
    public static Sha256Digest DigestOf(RolloutPlan plan) => Sha256Digest.Of(Canonical(plan));

    /// <summary>The one text of a plan: members in one order, nothing that is left out, digests of every release that it names.</summary>
    public static byte[] Canonical(RolloutPlan plan) => JsonSerializer.SerializeToUtf8Bytes(Of(plan), s_json);

    /// <summary>The document that says what <paramref name="plan"/> does.</summary>
    public static PlanDocument Of(RolloutPlan plan) => new(plan.Product.ToString(), plan.Version.ToString(), [.. plan.Stages.Select(StageDocument.Of)], plan.AbortAfterFailures)
    {
        ManifestDigest = plan.ManifestDigest.ToString(),
        AbortAbovePercent = plan.AbortAbovePercent,
        Filter = FilterDocument.Of(plan.Filter),
        TimeoutMinutes = (int?)plan.Timeout?.TotalMinutes,
        Windows = plan.Windows is null ? null : WindowsDocument.Of(plan.Windows),
        Retries = plan.Retries.IsEmpty ? null : plan.Retries.ToImmutableSortedDictionary(static r => r.Key.ToString(), static r => r.Value, StringComparer.Ordinal),
        PassThrough = plan.PassThrough.IsEmpty ? null : [.. plan.PassThrough.Select(static r => new PassThroughDocument(r.Version.ToString()) { ManifestDigest = r.ManifestDigest.ToString() })],
        Newcomers = plan.TakesNewcomers ? null : PlanReader.Leave,
        AcceptReported = plan.AcceptsReported ? true : null,
    };
}

/// <summary>A release that older devices get first.</summary>
internal sealed record PassThroughDocument(string Version)
{
    public string? ManifestDigest { get; init; }
}

/// <summary>Times at which devices may be asked.</summary>
internal sealed record WindowsDocument(IReadOnlyList<WindowDocument> Times)
{
    public string? TimeZone { get; init; }

    public static WindowsDocument Of(MaintenanceWindows windows) => new([.. windows.Times.Select(WindowDocument.Of)]) { TimeZone = windows.ZoneName };
}

/// <summary>One of them; without days, on every day.</summary>
internal sealed record WindowDocument(string From, string To)
{
    public IReadOnlyList<string>? Days { get; init; }

    public static WindowDocument Of(MaintenanceWindow window) => new(window.From.ToString(PlanReader.TimeFormat), window.To.ToString(PlanReader.TimeFormat))
    {
        Days = window.Days.Count == 7 ? null : [.. window.Days.Order().Select(static d => PlanReader.Days[(int)d])],
    };
}
