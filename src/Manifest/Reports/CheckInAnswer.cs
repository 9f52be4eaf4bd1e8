using System.Text.Json;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Reports;

/// <summary>
/// The server's answer to a check-in. It is a wish, not an order: the agent believes none of it, and installs only what verifies and what its
/// own gates allow (promise P5).
/// </summary>
/// <param name="Assignment">What the device is asked to install, or null.</param>
/// <param name="NextCheckIn">When to come again: 1 s to 7 days.</param>
public sealed record CheckInAnswer(Assignment? Assignment, TimeSpan NextCheckIn)
{
    /// <summary>Longest answer in bytes.</summary>
    public const int MaxBytes = 4 * 1024;

    /// <summary>Most delta packs that are offered, or looked at.</summary>
    public const int MaxDeltas = 8;

    private const long LongestSeconds = 7 * 24 * 60 * 60;

    /// <summary>Delta packs that make the assigned image of one that the device has; whoever uses none of them takes the full pack.</summary>
    public ValueList<OfferedDelta> Deltas { get; init; } = [];

    /// <summary>Most sources that are named, or looked at.</summary>
    public const int MaxSources = 2;

    /// <summary>Where packs and chunk tables can be had without the server, for a while; whoever uses none of them asks the server.</summary>
    public ValueList<ContentSource> Sources { get; init; } = [];

    /// <summary>JSON, UTF-8.</summary>
    public byte[] Encode()
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            if (Assignment is null)
            {
                json.WriteNull("assignment");
            }
            else
            {
                json.WriteStartObject("assignment");
                json.WriteString("deployment", Assignment.Deployment);
                json.WriteString("target", Assignment.TargetPath);
                json.WriteEndObject();
            }

            json.WriteStartArray("deltas");
            foreach (OfferedDelta delta in Deltas)
            {
                json.WriteStartObject();
                json.WriteString("base", delta.BaseImage.ToString());
                json.WriteString("pack", delta.Pack.ToString());
                json.WriteNumber("size", delta.Size);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (Sources.Count > 0)
            {
                json.WriteStartArray("sources");
                foreach (ContentSource source in Sources)
                {
                    json.WriteStartObject();
                    json.WriteString("address", source.Address.AbsoluteUri);
                    json.WriteString("query", source.Query);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteNumber("next_check_in_seconds", (long)NextCheckIn.TotalSeconds);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Reads an answer; unknown members are left for later versions.</summary>
    public static Verdict<CheckInAnswer> Decode(ReadOnlyMemory<byte> bytes) => Verdict.Of(() =>
    {
        if (bytes.Length > MaxBytes)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"check-in answer: wanted at most {MaxBytes} bytes, got {bytes.Length}");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = DecodeLimits.Depth });
            JsonElement root = document.RootElement;
            long seconds = root.GetProperty("next_check_in_seconds").GetInt64();
            if (seconds is < 1 or > LongestSeconds)
            {
                throw new RejectedException(RejectionReason.ValueOutOfRange, $"check-in answer: wanted a next check-in in 1 to {LongestSeconds} s, got {seconds}");
            }

            JsonElement assignment = root.GetProperty("assignment");
            return new CheckInAnswer(assignment.ValueKind == JsonValueKind.Null ? null : ReadAssignment(assignment), TimeSpan.FromSeconds(seconds))
            {
                Deltas = root.TryGetProperty("deltas", out JsonElement deltas) ? [.. deltas.EnumerateArray().Take(MaxDeltas).Select(ReadDelta)] : [],
                Sources = root.TryGetProperty("sources", out JsonElement sources) ? [.. ReadSources(sources)] : [],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new RejectedException(RejectionReason.Malformed, $"check-in answer: {e.Message}");
        }
        catch (KeyNotFoundException)
        {
            throw new RejectedException(RejectionReason.MissingField, "check-in answer: wanted assignment (or null) and next_check_in_seconds, of each delta base, pack and size");
        }
    });

    private static Assignment ReadAssignment(JsonElement json) =>
        new(Text(json.GetProperty("deployment")), Text(json.GetProperty("target")));

    private static OfferedDelta ReadDelta(JsonElement json) =>
        new(Digest(json.GetProperty("base")), Digest(json.GetProperty("pack")), json.GetProperty("size").GetInt64());

    // A hint of which nothing is believed: what cannot be used of it costs the device that source, and not its assignment.
    private static IEnumerable<ContentSource> ReadSources(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? json.EnumerateArray().Take(MaxSources).Select(FindSource).OfType<ContentSource>() : [];

    private static ContentSource? FindSource(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("address", out JsonElement where) && where.ValueKind == JsonValueKind.String
        && Uri.TryCreate(where.GetString(), UriKind.Absolute, out Uri? address) && ContentSource.IsAddress(address)
        && json.TryGetProperty("query", out JsonElement key) && key.ValueKind == JsonValueKind.String && key.GetString() is { } query && ContentSource.IsQuery(query)
            ? new ContentSource(address, query)
            : null;

    private static Sha256Digest Digest(JsonElement json) => Sha256Digest.TryParse(json.GetString() ?? "", out Sha256Digest? digest)
        ? digest
        : throw new RejectedException(RejectionReason.ValueOutOfRange, "check-in answer: wanted digests of 64 hexadecimal digits");

    private static string Text(JsonElement json) => json.GetString() is { Length: > 0 and <= DeviceReport.MaxTextLength } text
        ? text
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"check-in answer: wanted texts of 1 to {DeviceReport.MaxTextLength} characters");
}

/// <summary>One deployment: the wish that one device installs one target.</summary>
/// <param name="Deployment">The server's name for it; echoed in reports.</param>
/// <param name="TargetPath">The TUF target path of the manifest, for example "infusion-pump/1.1.0/manifest.suit".</param>
public sealed record Assignment(string Deployment, string TargetPath);

/// <summary>A delta pack that the server has: a hint, of which nothing is believed.</summary>
/// <param name="BaseImage">SHA-256 of the image it starts from.</param>
/// <param name="Pack">SHA-256 of the pack, which lies at packs/SHA-256 as full packs do.</param>
/// <param name="Size">Its length in bytes.</param>
public sealed record OfferedDelta(Sha256Digest BaseImage, Sha256Digest Pack, long Size);
