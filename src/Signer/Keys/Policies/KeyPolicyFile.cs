using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Fota.Signer.Keys.Policies;

/// <summary>key-policy.yaml, complete and consistent: what is missing, unknown or said twice is refused before a key is used.</summary>
internal sealed class KeyPolicyFile
{
    private const string None = "none";

    // A date alone would leave open when its day ends.
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private readonly Dictionary<string, KeyPolicy> _policies = new(StringComparer.Ordinal);

    private KeyPolicyFile(KeyPolicyDocument document)
    {
        Demand("version", document.Version == 1, "1", document.Version?.ToString(CultureInfo.InvariantCulture));
        foreach (KeyPolicyEntry entry in document.Keys ?? throw Refusal("keys", "a list", null))
        {
            KeyPolicy policy = Read(entry);
            Demand("keys", _policies.TryAdd(policy.Label, policy), "each key once", $"{policy.Label} twice");
        }
    }

    /// <summary>The policies, by the labels of their keys.</summary>
    public IReadOnlyDictionary<string, KeyPolicy> Policies => _policies;

    /// <summary>Reads a policy.</summary>
    /// <exception cref="SignerRefusalException">It is not one.</exception>
    public static KeyPolicyFile Parse(byte[] yaml)
    {
        try
        {
            // Without IgnoreUnmatchedProperties an unknown field is an error: a misspelt limit must not mean "no limit".
            IDeserializer reader = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).WithDuplicateKeyChecking().Build();
            return new KeyPolicyFile(reader.Deserialize<KeyPolicyDocument>(Encoding.UTF8.GetString(yaml)) ?? new KeyPolicyDocument());
        }
        catch (YamlException e)
        {
            throw new SignerRefusalException($"key policy: line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    /// <summary>Refuses a policy of a key that there is not: a misspelt label would leave the key that was meant without its limits.</summary>
    public void DemandLabelsOf(IEnumerable<string> keys)
    {
        if (_policies.Keys.Except(keys, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw Refusal("keys.label", "labels of keys that there are", unknown);
        }
    }

    private static KeyPolicy Read(KeyPolicyEntry entry)
    {
        string label = string.IsNullOrWhiteSpace(entry.Label) ? throw Refusal("keys.label", "a label", entry.Label) : entry.Label;
        Demand($"{label}.role", PolicyWords.Roles.Contains(entry.Role, StringComparer.Ordinal), string.Join(", ", PolicyWords.Roles), entry.Role);
        return new KeyPolicy(
            label,
            entry.Role!,
            Words($"{label}.formats", entry.Formats, PolicyWords.Formats),
            Words($"{label}.mechanisms", entry.Mechanisms, PolicyWords.Mechanisms),
            Limit($"{label}.usageLimit", entry.UsageLimit),
            Time($"{label}.notAfter", entry.NotAfter));
    }

    private static List<string> Words(string field, List<string>? words, IReadOnlyList<string> known)
    {
        Demand(field, words is { Count: > 0 }, $"some of {string.Join(", ", known)}", null);
        words!.ForEach(word => Demand(field, known.Contains(word, StringComparer.Ordinal), string.Join(", ", known), word));
        return words;
    }

    private static long? Limit(string field, string? text)
    {
        if (text == None)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) && limit > 0 ? limit : throw Refusal(field, $"a number above 0, or {None}", text);
    }

    private static DateTimeOffset? Time(string field, string? text)
    {
        if (text == None)
        {
            return null;
        }

        return DateTimeOffset.TryParseExact(text, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw Refusal(field, $"a time as 2030-01-01T00:00:00Z, or {None}", text);
    }

    private static void Demand(string field, bool isGood, string wanted, string? got)
    {
        if (!isGood)
        {
            throw Refusal(field, wanted, got);
        }
    }

    private static SignerRefusalException Refusal(string field, string wanted, string? got) => new($"key policy: {field}: wanted {wanted}, got {got ?? "nothing"}");
}
