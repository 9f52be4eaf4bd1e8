using System.Diagnostics.CodeAnalysis;

namespace Fota.Manifest;

/// <summary>
/// A product line, which is also the name of its TUF role and the first part of its target paths: 1 to 64 characters,
/// lower-case letters, digits and hyphens, beginning with a letter. So it is safe in paths, file names and URLs as it stands (A15).
/// </summary>
public sealed class ProductName : IEquatable<ProductName>
{
    private static readonly string[] s_topLevelRoles = ["root", "timestamp", "snapshot", "targets"];

    private readonly string _text;

    private ProductName(string text) => _text = text;

    /// <summary>Reads a product name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ProductName? product)
    {
        bool ok = text is { Length: >= 1 and <= 64 }
            && char.IsAsciiLetterLower(text[0])
            && text.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            && !s_topLevelRoles.Contains(text, StringComparer.Ordinal);
        product = ok ? new ProductName(text!) : null;
        return ok;
    }

    /// <summary>Reads a product name.</summary>
    /// <exception cref="RejectedException">Not a product name, or the name of a top-level TUF role.</exception>
    public static ProductName Parse(string text) => TryParse(text, out ProductName? product)
        ? product
        : throw new RejectedException(RejectionReason.ValueOutOfRange, "a product name: wanted 1 to 64 of a-z, 0-9 and '-', beginning with a letter and not a top-level TUF role");

    /// <inheritdoc/>
    public bool Equals(ProductName? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ProductName);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => _text;
}
