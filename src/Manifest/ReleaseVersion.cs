using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fota.Manifest;

/// <summary>A release's version for people, after Semantic Versioning 2.0.0, without build metadata. At most 64 characters.</summary>
/// <remarks>It names a release and orders lists. What may be installed is decided by sequence number and security version, never by this.</remarks>
public sealed class ReleaseVersion : IEquatable<ReleaseVersion>, IComparable<ReleaseVersion>
{
    /// <summary>Longest accepted text.</summary>
    public const int MaxLength = 64;

    // In the order of their numbers: -1, -2, -3.
    private static readonly string[] s_preReleases = ["rc", "beta", "alpha"];

    private readonly string _text;
    private readonly ulong[] _core;
    private readonly string[] _preRelease;

    private ReleaseVersion(string text, ulong[] core, string[] preRelease)
    {
        _text = text;
        _core = core;
        _preRelease = preRelease;
    }

    /// <summary>Reads a version.</summary>
    /// <exception cref="RejectedException">Not a version after SemVer 2.0.0, with build metadata, or too long.</exception>
    public static ReleaseVersion Parse(string text) => TryParse(text, out ReleaseVersion? version)
        ? version
        : throw new RejectedException(RejectionReason.ValueOutOfRange, $"a release version: wanted MAJOR.MINOR.PATCH[-PRERELEASE] of at most {MaxLength} characters, got \"{Shorten(text)}\"");

    /// <summary>Reads a version.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ReleaseVersion? version)
    {
        version = null;
        if (text is null || text.Length > MaxLength)
        {
            return false;
        }

        int dash = text.IndexOf('-', StringComparison.Ordinal);
        string[] numbers = (dash < 0 ? text : text[..dash]).Split('.');
        string[] preRelease = dash < 0 ? [] : text[(dash + 1)..].Split('.');
        ulong[] core = new ulong[3];
        if (numbers.Length != 3 || !preRelease.All(IsIdentifier))
        {
            return false;
        }

        for (int i = 0; i < core.Length; i++)
        {
            if (!IsNumber(numbers[i]) || !ulong.TryParse(numbers[i], NumberStyles.None, CultureInfo.InvariantCulture, out core[i]))
            {
                return false;
            }
        }

        version = new ReleaseVersion(text, core, preRelease);
        return true;
    }

    /// <summary>Precedence after SemVer 2.0.0 section 11.</summary>
    public int CompareTo(ReleaseVersion? other)
    {
        if (other is null)
        {
            return 1;
        }

        for (int i = 0; i < _core.Length; i++)
        {
            if (_core[i] != other._core[i])
            {
                return _core[i].CompareTo(other._core[i]);
            }
        }

        if (_preRelease.Length == 0 || other._preRelease.Length == 0)
        {
            return other._preRelease.Length.CompareTo(_preRelease.Length);
        }

        for (int i = 0; i < Math.Min(_preRelease.Length, other._preRelease.Length); i++)
        {
            int order = CompareIdentifiers(_preRelease[i], other._preRelease[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return _preRelease.Length.CompareTo(other._preRelease.Length);
    }

    /// <summary>
    /// The version as SUIT's list of numbers (draft-ietf-suit-update-management, suit-parameter-version), as far as a comparison of
    /// <paramref name="length"/> numbers asks. Null where that reaches a pre-release other than rc, beta and alpha, for which there is no number.
    /// </summary>
    internal IReadOnlyList<long>? ToNumbers(int length)
    {
        if (_core.Any(static number => number > long.MaxValue))
        {
            return null;
        }

        List<long> numbers = [.. _core.Select(static number => (long)number)];
        if (_preRelease.Length == 0 || length <= numbers.Count)
        {
            return numbers;
        }

        int kind = Array.IndexOf(s_preReleases, _preRelease[0]);
        if (kind < 0)
        {
            return null;
        }

        numbers.Add(-1 - kind);
        foreach (string identifier in _preRelease.Skip(1))
        {
            if (!long.TryParse(identifier, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                return null;
            }

            numbers.Add(number);
        }

        return numbers;
    }

    /// <inheritdoc/>
    public bool Equals(ReleaseVersion? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ReleaseVersion);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>Equality.</summary>
    public static bool operator ==(ReleaseVersion? left, ReleaseVersion? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(ReleaseVersion? left, ReleaseVersion? right) => !(left == right);

    /// <summary>Precedence.</summary>
    public static bool operator <(ReleaseVersion left, ReleaseVersion right) => Comparer<ReleaseVersion>.Default.Compare(left, right) < 0;

    /// <summary>Precedence.</summary>
    public static bool operator >(ReleaseVersion left, ReleaseVersion right) => Comparer<ReleaseVersion>.Default.Compare(left, right) > 0;

    /// <summary>Precedence.</summary>
    public static bool operator <=(ReleaseVersion left, ReleaseVersion right) => !(left > right);

    /// <summary>Precedence.</summary>
    public static bool operator >=(ReleaseVersion left, ReleaseVersion right) => !(left < right);

    private static int CompareIdentifiers(string a, string b)
    {
        bool aNumber = a.All(char.IsAsciiDigit), bNumber = b.All(char.IsAsciiDigit);
        return (aNumber, bNumber) switch
        {
            // Without leading zeros the longer number is the larger one; no parsing, no overflow.
            (true, true) => a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(a, b),
            (true, false) => -1,
            (false, true) => 1,
            _ => string.CompareOrdinal(a, b),
        };
    }

    private static bool IsNumber(string s) => s.Length > 0 && s.All(char.IsAsciiDigit) && (s.Length == 1 || s[0] != '0');

    private static bool IsIdentifier(string s) => s.Length > 0 && s.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-') && (!s.All(char.IsAsciiDigit) || IsNumber(s));

    private static string Shorten(string? text) => text is null ? "nothing" : text.Length <= MaxLength ? text : text[..MaxLength] + "...";
}
