using System.Text.Json;
using Fota.Manifest;

namespace Fota.DeviceAgent.Storage;

/// <summary>A name of a set that is closed in this release, and may have more in later ones.</summary>
internal sealed class UnknownNameException(string message) : FormatException(message);

/// <summary>The device's own JSON files: written by us, so anything unexpected in them is damage, and damage is never read around.</summary>
internal static class StoredJson
{
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <exception cref="DeviceStateException">The file is missing, or is not what we write.</exception>
    public static T Read<T>(IDurableStore store, string name, Func<JsonElement, T> read)
    {
        try
        {
            byte[] bytes = store.Read(name) ?? throw new DeviceStateException($"{name}: wanted a file, got none");
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return read(document.RootElement);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException or RejectedException)
        {
            throw new DeviceStateException($"{name}: unreadable: {e.Message}", e);
        }
    }

    /// <summary>
    /// Reads what one can do without: what an agent of a later release wrote, before the device went back to this one, may have a name in it that this one does not know. The device goes on without it.
    /// </summary>
    public static T? ReadKnown<T>(JsonElement json, Func<JsonElement, T> read)
        where T : class
    {
        try
        {
            return json.ValueKind == JsonValueKind.Null ? null : read(json);
        }
        catch (UnknownNameException)
        {
            return null;
        }
    }

    public static string RequiredText(this JsonElement json, string name) =>
        json.GetProperty(name).GetString() ?? throw new FormatException($"{name}: wanted a text, got null");

    public static string? OptionalText(this JsonElement json, string name) => json.GetProperty(name).GetString();

    /// <summary>An enumeration by name; a name or number that it does not define is refused.</summary>
    public static T RequiredEnum<T>(this JsonElement json, string name)
        where T : struct, Enum
    {
        string text = json.RequiredText(name);
        return Enum.TryParse(text, out T value) && Enum.IsDefined(value) && value.ToString() == text
            ? value
            : throw new UnknownNameException($"{name}: wanted a {typeof(T).Name}, got \"{text}\"");
    }
}
