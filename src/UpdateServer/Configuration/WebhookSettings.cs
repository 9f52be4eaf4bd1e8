namespace Fota.UpdateServer.Configuration;

/// <summary>Somebody who is told of what happens here (docs/spec/webhooks.md).</summary>
public sealed record WebhookSettings
{
    /// <summary>Most of them.</summary>
    public const int Most = 16;

    private const int MaxName = 64;
    private const int MaxEvents = 64;

    /// <summary>What it is called here: 1 to 64 of a-z, 0-9 and '-'.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is told: https; on a loopback address http as well.</summary>
    public required Uri Url { get; init; }

    /// <summary>File with the secret that messages are signed with, mode 0600: a line "whsec_..." of 24 to 64 bytes in base64, or two while it changes.</summary>
    public required string SecretFile { get; init; }

    /// <summary>Of what: kinds of entries of the server's log, "rollout.*" for all of a group, or "*".</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>PEM file of the CAs that vouch for it; null: those of the system.</summary>
    public string? AuthorityFile { get; init; }

    /// <exception cref="ConfigurationException">A setting is out of range.</exception>
    internal void Validate(string where)
    {
        Demand(Name.Length is >= 1 and <= MaxName && Name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'), $"{where}.name", $"1 to {MaxName} of a-z, 0-9 and '-'", "another");
        Demand(
            Url.IsAbsoluteUri && Url.UserInfo.Length == 0 && Url.Fragment.Length == 0 && (Url.Scheme == Uri.UriSchemeHttps || (Url.Scheme == Uri.UriSchemeHttp && Url.IsLoopback)),
            $"{where}.url",
            "an https address, or http on a loopback address, without user and fragment",
            "another");
        Demand(Events.Count is >= 1 and <= MaxEvents && Events.All(IsPattern), $"{where}.events", $"1 to {MaxEvents} kinds of entries, like rollout.approved, rollout.* or *", "something else");
    }

    private static bool IsPattern(string text) => text == "*" || (text.Split('.') is { Length: >= 2 } words && words.Index().All(word =>
        (word.Index == words.Length - 1 && words.Length == 2 && word.Item == "*") || (word.Item.Length > 0 && word.Item.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))));

    private static void Demand(bool holds, string field, string wanted, string got)
    {
        if (!holds)
        {
            throw new ConfigurationException($"{field}: wanted {wanted}, got {got}");
        }
    }
}
