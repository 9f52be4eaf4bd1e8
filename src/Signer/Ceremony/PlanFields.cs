using System.Text;
using System.Text.RegularExpressions;
using Fota.Signer.Home;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Fota.Signer.Ceremony;

/// <summary>How a ceremony's file is read, whatever its kind: strictly, and with the name of the field in every refusal.</summary>
internal static partial class PlanFields
{
    /// <summary>What is longer is no number in any field; a key id may consist of digits alone.</summary>
    private const int LongestNumber = 40;

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

    public static string Name(string field, string? value, int maxLength = SignerNames.MaxName) => SignerNames.IsName(value, maxLength)
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
            DemandWritten(yaml);
            IDeserializer reader = builder.WithNamingConvention(CamelCaseNamingConvention.Instance).WithDuplicateKeyChecking().Build();
            return reader.Deserialize<T>(Encoding.UTF8.GetString(yaml)) ?? throw Missing("version");
        }
        catch (YamlException e)
        {
            throw new SignerRefusalException($"plan: line {e.Start.Line}: {(e.InnerException?.Message ?? e.Message).ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>A field that is there has a value, and a number is written as people write one: what a reviewer may read otherwise than YAML does is refused.</summary>
    private static void DemandWritten(byte[] yaml)
    {
        Parser parser = new(new StringReader(Encoding.UTF8.GetString(yaml)));
        int documents = 0;
        while (parser.MoveNext())
        {
            if (parser.Current is DocumentStart another && ++documents > 1)
            {
                throw new SignerRefusalException($"plan: line {another.Start.Line}: wanted one document, got another");
            }

            if (parser.Current is Scalar { Style: ScalarStyle.Plain } scalar && (NothingPattern().IsMatch(scalar.Value) || (scalar.Value.Length <= LongestNumber && NumberPattern().IsMatch(scalar.Value) && !PlainNumberPattern().IsMatch(scalar.Value))))
            {
                throw new SignerRefusalException($"plan: line {scalar.Start.Line}: wanted a value, numbers in decimal digits alone, got \"{scalar.Value}\"");
            }
        }
    }

    [GeneratedRegex("^(|~|null|Null|NULL)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NothingPattern();

    // Whatever YAML 1.1 or 1.2 may take for a number: with a sign, a base, underscores, a point, an exponent, or sixty to a digit.
    [GeneratedRegex("^([-+.]?[0-9][0-9_.,:]*([eE][-+]?[0-9]+)?|[-+]?0[xXoObB][0-9a-fA-F_]+|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN))$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NumberPattern();

    [GeneratedRegex("^-?(0|[1-9][0-9]*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PlainNumberPattern();

    /// <summary>What every ceremony's file begins with.</summary>
    private sealed class HeadDocument
    {
        public int? Version { get; set; }

        public string? Kind { get; set; }
    }
}
