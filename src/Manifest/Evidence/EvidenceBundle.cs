using System.Formats.Tar;

namespace Fota.Manifest.Evidence;

/// <summary>
/// The files of a bundle of evidence, as a tar that has one form: the same files make the same bytes, and bytes that those files would not make are refused. So nothing can hide in
/// headers and padding.
/// </summary>
public sealed class EvidenceBundle
{
    /// <summary>Longest bundle, in bytes.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Most files.</summary>
    public const int MaxFiles = 4096;

    private const int Block = 512;

    private EvidenceBundle(IReadOnlyDictionary<string, byte[]> files) => Files = files;

    /// <summary>By path, as in the repository.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; }

    /// <summary>Makes a bundle.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, byte[]> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        using MemoryStream output = new();
        using (TarWriter tar = new(output, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach ((string path, byte[] content) in files.OrderBy(static file => file.Key, StringComparer.Ordinal))
            {
                using MemoryStream data = new(content, writable: false);
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, path)
                {
                    DataStream = data,
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                });
            }
        }

        return output.ToArray();
    }

    /// <summary>Reads a bundle. What it takes of memory is bounded by the length of <paramref name="bytes"/>, whatever they say.</summary>
    public static Verdict<EvidenceBundle> Decode(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => Read(bytes.Span));

    private static EvidenceBundle Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"evidence: wanted at most {MaxBytes} bytes, got {bytes.Length}");
        }

        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        ReadOnlySpan<byte> rest = bytes;
        while (rest.Length >= Block && rest[..Block].ContainsAnyExcept((byte)0))
        {
            string path = ReadPath(rest[..Block]);
            ReadOnlySpan<byte> content = rest[Block..];
            int size = ReadSize(rest[..Block], content.Length);
            if (files.Count == MaxFiles)
            {
                throw new RejectedException(RejectionReason.LimitExceeded, $"evidence: wanted at most {MaxFiles} files, got more");
            }

            if (!files.TryAdd(path, content[..size].ToArray()))
            {
                throw new RejectedException(RejectionReason.DuplicateField, "evidence: wanted each file once, got one twice");
            }

            rest = content[Math.Min(content.Length, (size + Block - 1) / Block * Block)..];
        }

        return IsWhatTheyMake(files, bytes)
            ? new EvidenceBundle(files)
            : throw new RejectedException(RejectionReason.NotCanonical, "evidence: wanted the one archive that its files make, got another");
    }

    // POSIX.1-1988 ustar: name at 0 (100 bytes), type at 156, prefix at 345 (155 bytes). Only what decides where the next file begins is looked at here: the comparison is with every byte.
    private static string ReadPath(ReadOnlySpan<byte> header)
    {
        string prefix = Text(header.Slice(345, 155)), name = Text(header[..100]);
        return header[156] == (byte)'0' && name.Length > 0
            ? prefix.Length == 0 ? name : $"{prefix}/{name}"
            : throw new RejectedException(RejectionReason.Malformed, "evidence: wanted regular files of a ustar archive, got something else");

        static string Text(ReadOnlySpan<byte> field) => System.Text.Encoding.Latin1.GetString(field[..(field.IndexOf((byte)0) is >= 0 and int end ? end : field.Length)]);
    }

    // Size at 124: 11 octal digits.
    private static int ReadSize(ReadOnlySpan<byte> header, int left)
    {
        long size = 0;
        foreach (byte digit in header.Slice(124, 11))
        {
            size = digit is >= (byte)'0' and <= (byte)'7' ? (size * 8) + digit - '0' : throw new RejectedException(RejectionReason.Malformed, "evidence: wanted a size of 11 octal digits, got something else");
        }

        return size <= left ? (int)size : throw new RejectedException(RejectionReason.Malformed, $"evidence: wanted a file of at most the {left} bytes that are left, got one of {size}");
    }

    private static bool IsWhatTheyMake(Dictionary<string, byte[]> files, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Write(files).AsSpan().SequenceEqual(bytes);
        }
        catch (ArgumentException)
        {
            // A path that the writer does not divide between name and prefix: no archive of ours has it.
            return false;
        }
    }
}
