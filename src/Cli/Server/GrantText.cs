using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>A role over products and sites as one word: ROLE[:PRODUCT,...][@SITE,...].</summary>
internal static class GrantText
{
    public static string Of(JsonElement grant) => $"{grant.GetProperty("role").GetString()}{Part(grant, "products", ':')}{Part(grant, "sites", '@')}";

    /// <summary>The grant as the API takes it; the server judges the names.</summary>
    /// <exception cref="CommandFailedException">A list is empty.</exception>
    public static Dictionary<string, object> Parse(string text)
    {
        string[] bySite = text.Split('@', 2), byProduct = bySite[0].Split(':', 2);
        Dictionary<string, object> grant = new(StringComparer.Ordinal) { ["role"] = byProduct[0] };
        if (byProduct.Length == 2)
        {
            grant["products"] = Names(byProduct[1], text);
        }

        if (bySite.Length == 2)
        {
            grant["sites"] = Names(bySite[1], text);
        }

        return grant;
    }

    private static string[] Names(string list, string text) => list.Split(',') is { } names && names.All(static n => n.Length > 0)
        ? names
        : throw new CommandFailedException($"--role: wanted ROLE[:PRODUCT,...][@SITE,...], got {text}");

    private static string Part(JsonElement grant, string member, char mark) => grant.TryGetProperty(member, out JsonElement names) && names.ValueKind == JsonValueKind.Array
        ? $"{mark}{string.Join(',', names.EnumerateArray().Select(static n => n.GetString()))}"
        : "";
}
