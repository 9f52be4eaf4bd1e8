#pragma warning disable RS0030 // the one place that writes to Console.Out
using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fota.Manifest;
using Fota.Shared;
using Spectre.Console;

namespace Fota.Cli;

/// <summary>What the commands print: JSON for machines, tables for people.</summary>
internal static class Output
{
    private const int Wide = 10_000;

    private static readonly JsonWriterOptions s_indented = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints one JSON document, indented.</summary>
    public static void Json(Action<Utf8JsonWriter> write) => Console.Out.WriteLine(Document(write));

    /// <summary>The text of a JSON document, indented, whoever said what is in it: the encoder leaves marks that turn text as they are.</summary>
    public static string Document(Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, s_indented))
        {
            write(writer);
        }

        return Printable.JsonLines(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
    }

    /// <summary>Prints a JSON document as it is, in one line.</summary>
    public static void JsonLine(JsonElement element) => Console.Out.WriteLine(JsonSerializer.Serialize(element));

    /// <summary>Prints a line of JSON as others wrote it.</summary>
    public static void JsonLine(ReadOnlySpan<byte> line) => Console.Out.WriteLine(Printable.Json(System.Text.Encoding.UTF8.GetString(line)));

    /// <summary>Prints one line for people, whoever wrote what is in it.</summary>
    public static void Line(string text) => Console.Out.WriteLine(Printable.Line(text));

    /// <summary>Prints lines for people, whoever wrote what is in them.</summary>
    public static void Lines(string text) => Console.Out.Write(Printable.Lines(text));

    /// <summary>Says one line to people beside what is printed.</summary>
    public static void Note(string text) => Console.Error.WriteLine(Printable.Line(text));

    /// <summary>Prints what the server answered, indented.</summary>
    public static void Json(JsonElement element) => Json(element.WriteTo);

    /// <summary>Prints the named members of each object of an array as a table.</summary>
    public static void Table(JsonElement rows, params string[] members)
    {
        Table table = new() { Border = TableBorder.Rounded };
        foreach (string member in members)
        {
            table.AddColumn(member.Replace('_', ' '));
        }

        foreach (JsonElement row in rows.EnumerateArray())
        {
            table.AddRow([.. members.Select(m => Markup.Escape(Printable.Line(Text(row, m))))]);
        }

        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = Wide; // a file or a pipe has no edge at which a name would have to break
        }

        AnsiConsole.Write(table);
    }

    /// <summary>Prints an object: as JSON where that is asked for, else each member that says something on a line of its own.</summary>
    public static void Members(ParseResult parsed, JsonElement element)
    {
        if (parsed.GetValue(Server.ServerConnection.AsJson))
        {
            Json(element);
            return;
        }

        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (Text(element, member.Name) is { Length: > 0 } text)
            {
                Line($"{member.Name.Replace('_', ' '),-16} {text}");
            }
        }
    }

    private static string Text(JsonElement row, string member) =>
        !row.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? ""
        : value.ValueKind == JsonValueKind.Array ? string.Join(", ", value.EnumerateArray())
        : value.ValueKind == JsonValueKind.String ? Shorten(value, value.GetString()!) : value.GetRawText();

    // For people, a moment to the second and the beginning of a digest will do; --json has them whole.
    private static string Shorten(JsonElement value, string text) =>
        text.Length > 19 && value.TryGetDateTimeOffset(out DateTimeOffset moment) ? $"{moment.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z"
        : Sha256Digest.TryParse(text, out _) ? text[..12] + "..."
        : text;
}
