using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Fota.Signer.Ceremony;

/// <summary>How a ceremony's file is read, whatever its kind: strictly, and with the name of the field in every refusal.</summary>
internal static class PlanFields
{
    /// <summary>Longest name of a key or token.</summary>
    private const int MaxName = 32;

    /// <exception cref="SignerRefusalException">It is no YAML, or has a field that is not known, or one twice.</exception>
    // Without IgnoreUnmatchedProperties an unknown field is an error: a misspelt one must not mean "default".
    public static T Read<T>(byte[] yaml)
        where T : class => Read<T>(yaml, new DeserializerBuilder());

    /// <summary>"create" or "change"; what has no kind makes keys, as ceremonies did before there were others.</summary>
    public static string KindOf(byte[] yaml)
    {
        HeadDocument head = Read<HeadDocument>(yaml, new DeserializerBuilder().IgnoreUnmatchedProperties());
        if (head.Version != 1)
        {
            throw new SignerRefusalException($"plan: version: wanted 1, got {head.Version?.ToString() ?? "none"}");
        }

        return head.Kind switch
        {
            null => CeremonyFile.CreateKind,
            CeremonyFile.CreateKind or CeremonyFile.ChangeKind => head.Kind,
            _ => throw new SignerRefusalException($"plan: kind: wanted {CeremonyFile.CreateKind} or {CeremonyFile.ChangeKind}, got \"{head.Kind}\""),
        };
    }

    public static SignerRefusalException Missing(string field) => new($"plan: {field}: wanted it, got none");

    public static T Need<T>(string field, T? value)
        where T : struct => value ?? throw Missing(field);

    public static string Name(string field, string? value, int maxLength = MaxName) => value?.Length >= 1 && value.Length <= maxLength && value.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
        ? value
        : throw new SignerRefusalException($"plan: {field}: wanted 1 to {maxLength} of a-z, 0-9 and '-', got \"{value}\"");

    public static string Text(string field, string? value) => !string.IsNullOrWhiteSpace(value) ? value : throw Missing(field);

    public static List<T> Items<T>(string field, List<T>? items) => items is { Count: > 0 } ? items : throw Missing(field);

    public static int InRange(string field, int? value, int min, int max) => Need(field, value) is int number && number >= min && number <= max
        ? number
        : throw new SignerRefusalException($"plan: {field}: wanted {min} to {max}, got {value}");

    public static void DemandDistinct(string field, IEnumerable<string> names)
    {
        if (names.GroupBy(static name => name, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            throw new SignerRefusalException($"plan: {field}: wanted each name once, got {twice.Key} twice");
        }
    }

    private static T Read<T>(byte[] yaml, DeserializerBuilder builder)
        where T : class
    {
        try
        {
            IDeserializer reader = builder.WithNamingConvention(CamelCaseNamingConvention.Instance).WithDuplicateKeyChecking().Build();
            return reader.Deserialize<T>(Encoding.UTF8.GetString(yaml)) ?? throw Missing("version");
        }
        catch (YamlException e)
        {
            throw new SignerRefusalException($"plan: line {e.Start.Line}: {(e.InnerException?.Message ?? e.Message).ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>What every ceremony's file begins with.</summary>
    private sealed class HeadDocument
    {
        public int? Version { get; set; }

        public string? Kind { get; set; }
    }
}
