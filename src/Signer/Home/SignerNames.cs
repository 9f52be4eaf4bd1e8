using System.Diagnostics.CodeAnalysis;

namespace Fota.Signer.Home;

/// <summary>What keys, tokens and products may be called. Their names become names of files.</summary>
internal static class SignerNames
{
    /// <summary>Longest name of a key or token.</summary>
    public const int MaxName = 32;

    /// <summary>Longest name of a product, which is a role's.</summary>
    public const int MaxRoleName = 64;

    /// <summary>Whether it is 1 to so many of a-z, 0-9 and '-'.</summary>
    public static bool IsName([NotNullWhen(true)] string? value, int maxLength) =>
        value?.Length >= 1 && value.Length <= maxLength && value.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
