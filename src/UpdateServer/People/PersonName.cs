using System.Diagnostics.CodeAnalysis;

namespace Fota.UpdateServer.People;

/// <summary>
/// The name of a person or of a machine that acts like one: what decisions bear, and what author and approver are compared by. 1 to 64 of a-z, 0-9 and ".-_@+",
/// a letter or digit first; lower case alone, so that no two differ only by it.
/// </summary>
internal static class PersonName
{
    private const int MaxLength = 64;

    /// <summary>Names that decisions of the server itself bear.</summary>
    private static readonly string[] s_reserved = ["plan", "server"];

    public static bool IsName([NotNullWhen(true)] string? text) =>
        text is { Length: >= 1 and <= MaxLength }
        && IsLetterOrDigit(text[0])
        && text.All(static c => IsLetterOrDigit(c) || c is '.' or '-' or '_' or '@' or '+')
        && !s_reserved.Contains(text, StringComparer.Ordinal);

    private static bool IsLetterOrDigit(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}
