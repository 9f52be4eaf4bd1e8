using System.Formats.Tar;

namespace Fota.Cli.Signing;

/// <summary>
/// Unpacks what a service sent into a folder: regular files with plain names, and nothing else. A service that was taken over writes nowhere but there, and not more
/// than a package can hold (A53).
/// </summary>
internal static class PackageArchive
{
    /// <summary>As many files as a ceremony's package may have.</summary>
    public const int MaxFiles = 20_000;

    /// <summary>As many bytes as they may have together.</summary>
    public const long MaxBytes = 1L << 30;

    private const int MaxDepth = 8;

    /// <exception cref="CommandFailedException">It is no archive, or has something else in it.</exception>
    public static void Extract(string archive, string folder)
    {
        try
        {
            using FileStream stream = File.OpenRead(archive);
            using TarReader reader = new(stream);
            int count = 0;
            long bytes = 0;
            while (reader.GetNextEntry() is { } entry)
            {
                if (++count > MaxFiles || (bytes += entry.Length) > MaxBytes)
                {
                    throw new CommandFailedException($"package: wanted at most {MaxFiles} files and {MaxBytes} bytes, got more");
                }

                Extract(entry, folder);
            }
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or EndOfStreamException)
        {
            throw new CommandFailedException($"package: wanted a tar file, got something else: {e.Message}");
        }
    }

    private static void Extract(TarEntry entry, string folder)
    {
        if (entry.EntryType == TarEntryType.Directory)
        {
            return;
        }

        string[] names = entry.Name.Split('/');
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || names.Length > MaxDepth || !Array.TrueForAll(names, IsPlain))
        {
            throw new CommandFailedException($"package: wanted regular files with plain names, got {entry.EntryType} \"{entry.Name}\"");
        }

        string file = Path.Combine([folder, .. names]);
        if (Path.Exists(file))
        {
            throw new CommandFailedException($"package: wanted each name once, got \"{entry.Name}\" twice");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using FileStream written = new(file, FileMode.CreateNew, FileAccess.Write);
        entry.DataStream?.CopyTo(written);
    }

    private static bool IsPlain(string name) => name.Length is >= 1 and <= 200 && name[0] != '.' && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '+');
}
