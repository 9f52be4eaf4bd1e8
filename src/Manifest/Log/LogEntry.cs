using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Log;

/// <summary>
/// An entry of one of Fota's logs: one JSON object in canonical form, so that the same content has the same bytes (docs/spec/log.md). As content it
/// proves nothing: a log proves that it was said, and when at the latest.
/// </summary>
public sealed record LogEntry
{
    /// <summary>Longest kind, in characters.</summary>
    public const int KindLength = 64;

    /// <summary>Longest actor, and longest subject, in characters.</summary>
    public const int NameLength = 512;

    /// <summary>Most facts of one entry.</summary>
    public const int MaxFacts = 32;

    /// <summary>Longest value of a fact, in characters.</summary>
    public const int FactLength = 2048;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>Its place in the log, from 0.</summary>
    public required long Number { get; init; }

    /// <summary>When it happened, by the clock of whoever wrote it; whole milliseconds, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What happened, for example "release.approved": words of a-z, 0-9 and '_' with '.' between them.</summary>
    public required string Kind { get; init; }

    /// <summary>Who did it: the label of a key, the name of a person's certificate, or the program.</summary>
    public required string Actor { get; init; }

    /// <summary>What it was done to, for example "infusion-pump 1.2.0".</summary>
    public required string Subject { get; init; }

    /// <summary>The rest, by name (a-z, 0-9 and '_').</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The bytes that go into the log.</summary>
    /// <exception cref="RejectedException">A field is longer than it may be, or of another form.</exception>
    public byte[] Encode()
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter writer = new(output))
        {
            writer.WriteStartObject();
            writer.WriteString("actor", Actor);
            writer.WriteStartObject("facts");
            foreach ((string name, string value) in Facts)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
            writer.WriteString("kind", Kind);
            writer.WriteNumber("number", Number);
            writer.WriteString("subject", Subject);
            writer.WriteString("time", Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(output.WrittenMemory);
        byte[] entry = CanonicalJson.Encode(document.RootElement);
        _ = Decode(entry).OrThrow();
        return entry;
    }

    /// <summary>Reads an entry.</summary>
    public static Verdict<LogEntry> Decode(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => Read(bytes));

    private static LogEntry Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > LogLimits.OwnEntryBytes)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"log entry: wanted at most {LogLimits.OwnEntryBytes} bytes, got {bytes.Length}");
        }

        using JsonDocument document = CanonicalJson.Parse(bytes);
        JsonElement entry = document.RootElement;
        LogEntry read = new()
        {
            Number = entry.Integer("number", 0),
            Time = ReadTime(entry.Text("time")),
            Kind = entry.Text("kind"),
            Actor = entry.Text("actor"),
            Subject = entry.Text("subject"),
            Facts = ReadFacts(entry.Object("facts")),
        };
        entry.AllowOnly("actor", "facts", "kind", "number", "subject", "time");
        Demand("kind", read.Kind, KindLength, IsKind(read.Kind), "words of a-z, 0-9 and '_' with '.' between them");
        Demand("actor", read.Actor, NameLength, read.Actor.Length > 0, "a text");
        Demand("subject", read.Subject, NameLength, read.Subject.Length > 0, "a text");
        return read;
    }

    private static Dictionary<string, string> ReadFacts(JsonElement facts)
    {
        Dictionary<string, string> read = new(StringComparer.Ordinal);
        foreach (JsonProperty fact in facts.EnumerateObject())
        {
            Demand("the name of a fact", fact.Name, KindLength, IsWord(fact.Name), "a-z, 0-9 and '_'");
            string value = facts.Text(fact.Name);
            Demand(fact.Name, value, FactLength, true, "a text");
            read.Add(fact.Name, value);
        }

        return read.Count <= MaxFacts ? read : throw new RejectedException(RejectionReason.LimitExceeded, $"log entry: wanted at most {MaxFacts} facts, got {read.Count}");
    }

    private static DateTimeOffset ReadTime(string text) =>
        DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"log entry: time: wanted YYYY-MM-DDTHH:MM:SS.mmmZ, got {text.Length} other characters");

    private static bool IsKind(string text) => text.Split('.').All(IsWord);

    private static bool IsWord(string text) => text.Length > 0 && text.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');

    private static void Demand(string what, string value, int max, bool holds, string wanted)
    {
        if (value.Length > max || !holds)
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"log entry: {what}: wanted {wanted}, at most {max} characters, got {value.Length}");
        }
    }
}
