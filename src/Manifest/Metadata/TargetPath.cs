using System.Buffers;

namespace Fota.Manifest.Metadata;

/// <summary>
/// What a target path and a path pattern may look like (A15): relative, '/' between segments, 1 to 256 characters of a-z, A-Z, 0-9 and "-._~+",
/// no empty, "." or ".." segment. None of these is changed by URL or file name normalisation, so that two paths are equal only if their text is.
/// </summary>
public static class TargetPath
{
    /// <summary>Longest path, in characters.</summary>
    public const int MaxLength = 256;

    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/";

    private static readonly SearchValues<char> s_path = SearchValues.Create(Letters);

    private static readonly SearchValues<char> s_pattern = SearchValues.Create(Letters + "*?");

    /// <summary>Whether <paramref name="path"/> is safe.</summary>
    public static bool IsSafe(string path) => IsSafe(path, s_path);

    internal static void Demand(string path) => Demand("target path", path, s_path);

    internal static void DemandPattern(string pattern) => Demand("path pattern", pattern, s_pattern);

    /// <summary>TUF 1.0.34 section 4.5: '*' and '?' do not match a '/'.</summary>
    internal static bool Matches(string path, string pattern)
    {
        string[] segments = path.Split('/');
        string[] patterns = pattern.Split('/');
        return segments.Length == patterns.Length && segments.Zip(patterns).All(static pair => SegmentMatches(pair.First, pair.Second));
    }

    private static bool IsSafe(string path, SearchValues<char> allowed) =>
        path is { Length: >= 1 and <= MaxLength }
        && !path.AsSpan().ContainsAnyExcept(allowed)
        && path.Split('/').All(static segment => segment is not ("" or "." or ".."));

    private static void Demand(string what, string path, SearchValues<char> allowed)
    {
        if (!IsSafe(path, allowed))
        {
            throw new RejectedException(RejectionReason.UnsafePath, $"a {what}: wanted a relative path of at most {MaxLength} safe characters in its one normal form, got another");
        }
    }

    // Greedy with one point of return per '*': linear memory, no exponential backtracking.
    private static bool SegmentMatches(string text, string pattern)
    {
        int t = 0, p = 0, star = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).IndexOfAnyExcept('*') < 0;
    }
}
