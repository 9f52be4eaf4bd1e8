using System.Globalization;
using System.Text;

namespace Fota.Shared;

/// <summary>
/// Text of others as a terminal may have it. What devices, servers and files say can hold control characters, by which a terminal is told to do something, and marks that turn the order of what is
/// read (bidi): neither reaches whoever looks. Compiled into each program, as the entry is.
/// </summary>
internal static class Printable
{
    private const char InPlace = '?';

    /// <summary>The text in one line: a line of a program is never another's.</summary>
    public static string Line(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Replace(text.ReplaceLineEndings(" "), keepsLines: false, static (into, _) => into.Append(InPlace));
    }

    /// <summary>The text with its lines.</summary>
    public static string Lines(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Replace(text.ReplaceLineEndings("\n"), keepsLines: true, static (into, _) => into.Append(InPlace));
    }

    /// <summary>A JSON document in one line, which says what it said: what a terminal may not have is escaped (RFC 8259, section 7).</summary>
    public static string Json(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Replace(text, keepsLines: false, Escape);
    }

    /// <summary>A JSON document with its lines, which says what it said.</summary>
    public static string JsonLines(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Replace(text, keepsLines: true, Escape);
    }

    private static void Escape(StringBuilder into, char unit) => into.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");

    private static string Replace(string text, bool keepsLines, Action<StringBuilder, char> unprintable)
    {
        StringBuilder printable = new(text.Length);
        for (int at = 0; at < text.Length;)
        {
            bool isWhole = Rune.TryGetRuneAt(text, at, out Rune rune);
            int length = isWhole ? rune.Utf16SequenceLength : 1;
            if (isWhole && (IsPrintable(rune) || (keepsLines && rune.Value == '\n')))
            {
                printable.Append(text, at, length);
            }
            else
            {
                for (int unit = 0; unit < length; unit++)
                {
                    unprintable(printable, text[at + unit]);
                }
            }

            at += length;
        }

        return printable.ToString();
    }

    private static bool IsPrintable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
