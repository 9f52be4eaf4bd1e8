using System.Text.Json;

namespace Fota.DeviceAgent.Configuration;

/// <summary>A configuration file that cannot be used; the message names the file, the member and what was wanted.</summary>
public sealed class SettingsException(string message) : Exception(message);

/// <summary>One object of a JSON configuration file. A member that is missing or unknown is an error: a typing mistake must not switch anything off.</summary>
internal sealed class SettingsFile
{
    private readonly string _path;
    private readonly JsonElement _json;

    private SettingsFile(string path, JsonElement json)
    {
        _path = path;
        _json = json;
    }

    /// <summary>Reads <paramref name="path"/>.</summary>
    /// <exception cref="SettingsException">It cannot be read, or <paramref name="read"/> finds it wrong.</exception>
    public static T Load<T>(string path, Func<SettingsFile, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? read(new SettingsFile(path, document.RootElement))
                : throw new SettingsException($"{path}: wanted a JSON object");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new SettingsException($"{path}: {e.Message}");
        }
    }

    /// <summary>Whether the member is there.</summary>
    public bool Has(string name) => _json.TryGetProperty(name, out _);

    /// <summary>Whether the member is there and is an object.</summary>
    public bool IsSection(string name) => _json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>A text that is not empty.</summary>
    public string Text(string name) => Find(name, JsonValueKind.String, "a text").GetString() is { Length: > 0 } text ? text : throw Wrong(name, "a text that is not empty");

    /// <summary>An HTTPS address, made to end in '/'.</summary>
    public Uri HttpsAddress(string name) => Uri.TryCreate(Text(name).TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) && address.Scheme == Uri.UriSchemeHttps
        ? address
        : throw Wrong(name, "an https address");

    /// <summary>A path, made absolute from the folder of the file.</summary>
    public string FilePath(string name) => Path.GetFullPath(Text(name), Path.GetDirectoryName(Path.GetFullPath(_path))!);

    /// <summary>A whole number in a range.</summary>
    public long Number(string name, long low, long high) => Find(name, JsonValueKind.Number, "a number").TryGetInt64(out long number) && number >= low && number <= high
        ? number
        : throw Wrong(name, $"a whole number from {low} to {high}");

    /// <summary>A list of paths, made absolute from the folder of the file.</summary>
    public IReadOnlyList<string> FilePaths(string name) =>
    [
        .. Find(name, JsonValueKind.Array, "a list of paths").EnumerateArray()
            .Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(name, "a list of paths"))
            .Select(text => Path.GetFullPath(text, Path.GetDirectoryName(Path.GetFullPath(_path))!)),
    ];

    /// <summary>Whether the member is there and is a list.</summary>
    public bool IsList(string name) => _json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array;

    /// <summary>A list of texts that are not empty.</summary>
    public IReadOnlyList<string> Texts(string name) =>
    [
        .. Find(name, JsonValueKind.Array, "a list of texts").EnumerateArray()
            .Select(item => item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 } text ? text : throw Wrong(name, "a list of texts that are not empty")),
    ];

    /// <summary>A list of nested objects.</summary>
    public IReadOnlyList<SettingsFile> Sections(string name) =>
    [
        .. Find(name, JsonValueKind.Array, "a list of objects").EnumerateArray()
            .Select(item => item.ValueKind == JsonValueKind.Object ? new SettingsFile(_path, item) : throw Wrong(name, "a list of objects")),
    ];

    /// <summary>A list of nested objects that is not empty.</summary>
    public IReadOnlyList<SettingsFile> SomeSections(string name) => Sections(name) is { Count: > 0 } sections ? sections : throw Wrong(name, "one object at least");

    /// <summary>true or false; <paramref name="otherwise"/> where the member is not there.</summary>
    public bool Flag(string name, bool otherwise) => !_json.TryGetProperty(name, out JsonElement value) ? otherwise
        : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, "true or false"),
        };

    /// <summary>A nested object.</summary>
    public SettingsFile Section(string name) => new(_path, Find(name, JsonValueKind.Object, "an object"));

    /// <summary>Refuses members that are not among <paramref name="names"/>.</summary>
    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        foreach (JsonProperty property in _json.EnumerateObject())
        {
            if (!names.Contains(property.Name))
            {
                throw new SettingsException($"{_path}: {property.Name}: no such setting");
            }
        }
    }

    /// <summary>The exception for a member that is not what was wanted.</summary>
    public SettingsException Wrong(string name, string wanted) => new($"{_path}: {name}: wanted {wanted}");

    private JsonElement Find(string name, JsonValueKind kind, string wanted) =>
        _json.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind ? value : throw Wrong(name, wanted);
}
