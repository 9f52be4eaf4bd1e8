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

    private const int MaxName = 255;

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

    /// <summary>Reads a bundle.</summary>
    public static Verdict<EvidenceBundle> Decode(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => Read(bytes.ToArray()));

    private static EvidenceBundle Read(byte[] bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"evidence: wanted at most {MaxBytes} bytes, got {bytes.Length}");
        }

        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        try
        {
            using MemoryStream input = new(bytes, writable: false);
            using TarReader tar = new(input);
            while (tar.GetNextEntry() is { } entry)
            {
                Add(files, entry);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or OverflowException or NotSupportedException)
        {
            throw new RejectedException(RejectionReason.Malformed, "evidence: wanted a tar archive, got something else");
        }

        return Write(files).AsSpan().SequenceEqual(bytes)
            ? new EvidenceBundle(files)
            : throw new RejectedException(RejectionReason.NotCanonical, "evidence: wanted the one archive that its files make, got another");
    }

    private static void Add(Dictionary<string, byte[]> files, TarEntry entry)
    {
        if (entry.EntryType != TarEntryType.RegularFile || entry.Name.Length is 0 or > MaxName || files.Count == MaxFiles)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"evidence: wanted at most {MaxFiles} regular files, got another entry");
        }

        byte[] content = new byte[entry.Length];
        entry.DataStream?.ReadExactly(content);
        if (!files.TryAdd(entry.Name, content))
        {
            throw new RejectedException(RejectionReason.DuplicateField, "evidence: wanted each file once, got one twice");
        }
    }
}
