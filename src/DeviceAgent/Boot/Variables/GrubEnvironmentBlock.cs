using System.Text;

namespace Fota.DeviceAgent.Boot.Variables;

/// <summary>
/// GRUB's environment block (manual, "Environment block"; grub-core/lib/envblk.c): 1024 bytes that begin with a signature line, then "name=value" lines in which
/// '\' stands before '\' and line feed, lines of comment, and '#' up to the end. It has neither checksum nor second copy.
/// </summary>
internal static class GrubEnvironmentBlock
{
    /// <summary>Length in bytes, which GRUB never changes.</summary>
    public const int Size = 1024;

    private const string Signature = "# GRUB Environment Block\n";

    /// <summary>Null when these bytes are no environment block.</summary>
    public static BootVariables? Decode(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.Latin1.GetString(bytes);
        return bytes.Length == Size && text.StartsWith(Signature, StringComparison.Ordinal) ? new BootVariables(Lines(text).Select(Split).OfType<KeyValuePair<string, string>>()) : null;
    }

    /// <summary>The block with these variables, and the comments of <paramref name="before"/>.</summary>
    /// <exception cref="IOException">They do not fit, or have names that the format cannot hold.</exception>
    public static byte[] Encode(BootVariables variables, ReadOnlySpan<byte> before)
    {
        StringBuilder text = new(Signature);
        foreach (string comment in Lines(Encoding.Latin1.GetString(before)).Where(static line => line.StartsWith('#')))
        {
            text.Append(comment).Append('\n');
        }

        foreach ((string name, string value) in variables)
        {
            text.Append(IsName(name) ? name : throw new IOException($"boot environment: wanted a variable's name, got \"{name}\""))
                .Append('=')
                .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\\n", StringComparison.Ordinal))
                .Append('\n');
        }

        return text.Length <= Size
            ? Encoding.Latin1.GetBytes(text.Append('#', Size - text.Length).ToString())
            : throw new IOException($"boot environment: wanted at most {Size} bytes, got {text.Length}");
    }

    // The whole lines behind the signature; the '#' at the end are none.
    private static IEnumerable<string> Lines(string text)
    {
        int start = Signature.Length;
        for (int at = start; at < text.Length; at++)
        {
            if (text[at] == '\\')
            {
                at++;
            }
            else if (text[at] == '\n')
            {
                yield return text[start..at];
                start = at + 1;
            }
        }
    }

    private static KeyValuePair<string, string>? Split(string line)
    {
        int separator = line.StartsWith('#') ? -1 : line.IndexOf('=', StringComparison.Ordinal);
        return separator > 0 ? new(line[..separator], Unescape(line[(separator + 1)..])) : null;
    }

    private static string Unescape(string value)
    {
        StringBuilder text = new();
        for (int at = 0; at < value.Length; at++)
        {
            at += value[at] == '\\' && at + 1 < value.Length ? 1 : 0;
            text.Append(value[at]);
        }

        return text.ToString();
    }

    private static bool IsName(string name) => name.Length > 0 && !name.StartsWith('#') && !name.AsSpan().ContainsAny("=\\\n\0");
}
