using System.Globalization;

namespace Fota.Manifest;

/// <summary>Versions that satisfy every one of some comparisons, for example "&gt;=1.0.0 &lt;2.0.0".</summary>
public sealed class VersionRange : IEquatable<VersionRange>
{
    /// <summary>Most comparisons.</summary>
    public const int MaxComparisons = 8;

    private static readonly (string Symbol, VersionRelation Relation)[] s_symbols =
    [
        (">=", VersionRelation.GreaterOrEqual), ("<=", VersionRelation.LesserOrEqual), (">", VersionRelation.Greater), ("<", VersionRelation.Lesser), ("=", VersionRelation.Equal),
    ];

    private readonly ValueList<VersionComparison> _comparisons;

    /// <summary>Makes a range.</summary>
    /// <exception cref="RejectedException">More than <see cref="MaxComparisons"/>.</exception>
    public VersionRange(ValueList<VersionComparison> comparisons)
    {
        ArgumentNullException.ThrowIfNull(comparisons);
        _comparisons = comparisons.Count <= MaxComparisons
            ? comparisons
            : throw new RejectedException(RejectionReason.LimitExceeded, $"versions: wanted at most {MaxComparisons} comparisons, got {comparisons.Count}");
    }

    /// <summary>Every version.</summary>
    public static VersionRange Any { get; } = new([]);

    /// <summary>The comparisons; none for <see cref="Any"/>.</summary>
    public IReadOnlyList<VersionComparison> Comparisons => _comparisons;

    /// <summary>Reads comparisons with spaces between them, each one of =, &gt;, &gt;=, &lt;, &lt;= and a version of one to three numbers.</summary>
    /// <exception cref="RejectedException">Not that form.</exception>
    public static VersionRange Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length > 0 ? new VersionRange([.. parts.Select(ParseOne)]) : throw Malformed(text);
    }

    /// <summary>
    /// Whether <paramref name="version"/> lies in it. Where a comparison goes as far as pre-releases, and the version has one that SUIT has no
    /// number for, it does not.
    /// </summary>
    public bool Includes(ReleaseVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        return _comparisons.All(comparison => version.ToNumbers(comparison.Numbers.Count) is { } numbers && comparison.HoldsFor(numbers));
    }

    /// <inheritdoc/>
    public bool Equals(VersionRange? other) => other is not null && _comparisons.Equals(other._comparisons);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VersionRange);

    /// <inheritdoc/>
    public override int GetHashCode() => _comparisons.GetHashCode();

    /// <summary>The form that <see cref="Parse"/> reads; "any" for <see cref="Any"/>.</summary>
    public override string ToString() => _comparisons.Count == 0 ? "any" : string.Join(' ', _comparisons);

    private static VersionComparison ParseOne(string text)
    {
        (string symbol, VersionRelation relation) = Array.Find(s_symbols, known => text.StartsWith(known.Symbol, StringComparison.Ordinal));
        string[] parts = symbol is null ? [] : text[symbol.Length..].Split('.');
        List<long> numbers = [];
        foreach (string part in parts)
        {
            if (numbers.Count == 3 || !long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                throw Malformed(text);
            }

            numbers.Add(number);
        }

        return numbers.Count > 0 ? new VersionComparison(relation, numbers) : throw Malformed(text);
    }

    private static RejectedException Malformed(string text) =>
        new(RejectionReason.ValueOutOfRange, $"versions: wanted comparisons such as \">=1.0.0 <2.0.0\", got \"{(text.Length <= 64 ? text : text[..64])}\"");
}
