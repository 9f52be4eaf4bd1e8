using System.Globalization;
using System.Text.Json;

namespace Fota.Manifest.Metadata;

/// <summary>Reads members of untrusted JSON objects. Absent, of another type and out of range are three refusals, each by the member's name.</summary>
internal static class JsonMembers
{
    private const string DateTimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>The expiry as TUF 1.0.34 section 4.2.3 writes it.</summary>
    public static string ToText(DateTimeOffset time) => time.UtcDateTime.ToString(DateTimeFormat, CultureInfo.InvariantCulture);

    public static JsonElement Object(this JsonElement parent, string name) => parent.Member(name, JsonValueKind.Object);

    public static JsonElement Array(this JsonElement parent, string name) => parent.Member(name, JsonValueKind.Array);

    public static string Text(this JsonElement parent, string name) => parent.Member(name, JsonValueKind.String).GetString()!;

    public static bool Flag(this JsonElement parent, string name)
    {
        JsonElement value = parent.Member(name);
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw WrongType(name, "true or false", value),
        };
    }

    public static long Integer(this JsonElement parent, string name, long min, long max = long.MaxValue)
    {
        JsonElement value = parent.Member(name, JsonValueKind.Number);
        return value.TryGetInt64(out long number) && number >= min && number <= max
            ? number
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"\"{name}\": wanted {min} to {max}, got another number");
    }

    public static DateTimeOffset Time(this JsonElement parent, string name)
    {
        string text = parent.Text(name);
        return DateTimeOffset.TryParseExact(text, DateTimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"\"{name}\": wanted YYYY-MM-DDTHH:MM:SSZ, got {text.Length} other characters");
    }

    /// <summary>The items of an array of strings.</summary>
    public static IReadOnlyList<string> Texts(this JsonElement parent, string name) =>
        [.. parent.Array(name).EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw WrongType(name, "strings", item))];

    /// <summary>Refuses an object that has any member but these.</summary>
    public static void AllowOnly(this JsonElement parent, params ReadOnlySpan<string> names)
    {
        foreach (JsonProperty member in parent.EnumerateObject())
        {
            if (!names.Contains(member.Name))
            {
                throw new RejectedException(RejectionReason.UnknownField, $"metadata: wanted only {string.Join(", ", names)}, got one more member");
            }
        }
    }

    private static JsonElement Member(this JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object)
        {
            throw WrongType(name, "to be a member of an object", parent);
        }

        return parent.TryGetProperty(name, out JsonElement value)
            ? value
            : throw new RejectedException(RejectionReason.MissingField, $"\"{name}\": wanted it, got none");
    }

    private static JsonElement Member(this JsonElement parent, string name, JsonValueKind kind)
    {
        JsonElement value = parent.Member(name);
        return value.ValueKind == kind ? value : throw WrongType(name, kind.ToString(), value);
    }

    private static RejectedException WrongType(string name, string wanted, JsonElement got) =>
        new(RejectionReason.WrongType, $"\"{name}\": wanted {wanted}, got {got.ValueKind}");
}
