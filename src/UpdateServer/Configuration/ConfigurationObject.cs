using System.Text.Json;

namespace Fota.UpdateServer.Configuration;

/// <summary>One JSON object of a configuration file. It remembers what was asked for, so that everything else can be refused.</summary>
internal sealed class ConfigurationObject(JsonElement json, string prefix, string directory)
{
    private readonly SortedSet<string> _known = new(StringComparer.Ordinal);

    public ConfigurationObject Object(string name) => OptionalObject(name) ?? throw Missing(name);

    public ConfigurationObject? OptionalObject(string name) => Find(name, JsonValueKind.Object) is { } value ? new ConfigurationObject(value, $"{prefix}{name}.", directory) : null;

    public string Text(string name) => OptionalText(name) ?? throw Missing(name);

    public string FilePath(string name) => OptionalFilePath(name) ?? throw Missing(name);

    public string? OptionalText(string name) => Find(name, JsonValueKind.String)?.GetString();

    public string? OptionalFilePath(string name) => OptionalText(name) is { } path ? Path.GetFullPath(path, directory) : null;

    public IReadOnlyList<string>? OptionalTexts(string name) => Find(name, JsonValueKind.Array) is { } array
        ? [.. array.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new ConfigurationException($"{prefix}{name}: wanted strings, got another value"))]
        : null;

    public IReadOnlyList<string>? OptionalFilePaths(string name) => OptionalTexts(name) is { } paths ? [.. paths.Select(path => Path.GetFullPath(path, directory))] : null;

    public IReadOnlyList<ConfigurationObject>? OptionalObjects(string name) => Find(name, JsonValueKind.Array) is { } array
        ? [.. array.EnumerateArray().Select((item, i) => new ConfigurationObject(item, $"{prefix}{name}[{i}].", directory))]
        : null;

    public int? OptionalInteger(string name)
    {
        JsonElement? value = Find(name, JsonValueKind.Number);
        return value is null ? null
            : value.Value.TryGetInt32(out int number) ? number : throw new ConfigurationException($"{prefix}{name}: wanted an integer, got another number");
    }

    /// <summary>Refuses the members that nobody asked for: a misspelt setting must not pass for one that was left out.</summary>
    public void RefuseOthers()
    {
        if (json.EnumerateObject().Select(static m => m.Name).FirstOrDefault(name => !_known.Contains(name)) is { } unknown)
        {
            throw new ConfigurationException($"{prefix}{unknown}: wanted one of {string.Join(", ", _known)}, got an unknown member");
        }
    }

    private JsonElement? Find(string name, JsonValueKind kind)
    {
        _known.Add(name);
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ConfigurationException("wanted a JSON object, got another value");
        }

        if (!json.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == kind ? value : throw new ConfigurationException($"{prefix}{name}: wanted a JSON {kind.ToString().ToLowerInvariant()}, got another value");
    }

    private ConfigurationException Missing(string name) => new($"{prefix}{name}: wanted, got none");
}
