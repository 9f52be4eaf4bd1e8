using Fota.Interop.Posix;
using Fota.Manifest.Encoding;
using Fota.Signer.Home;

namespace Fota.Signer.Ceremony;

/// <summary>Copies the draft of a change from one machine's folder to another's: regular files alone, of which nobody believes anything but the signatures in them.</summary>
internal static class FolderCopy
{
    /// <summary>As many files as the envelopes of a product's releases, each with a role or two: far more than there are.</summary>
    private const int MaxFiles = 10_000;

    /// <summary>The largest that a draft holds: a product's role.</summary>
    private const int MaxBytes = DecodeLimits.TargetsBytes;

    /// <summary>The folders of a draft; what else lies beside them is prepared for installation, or somebody else's.</summary>
    private static readonly string[] s_folders = ["roles", "envelopes", "possession", HomeFolder.StatementsName];

    /// <exception cref="SignerRefusalException">There are more files than a change has, or larger ones.</exception>
    public static void CopyDraft(string source, string target, params IEnumerable<string> topLevel)
    {
        // Counted before anything is written: whoever sent the folder chose how many there are.
        EnumerationOptions noLinks = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
        FileInfo[] files =
        [
            .. s_folders.Select(name => new DirectoryInfo(Path.Combine(source, name)))
                .Where(static folder => folder is { Exists: true, LinkTarget: null })
                .SelectMany(folder => folder.EnumerateFiles("*", noLinks))
                .Take(MaxFiles + 1),
        ];
        if (files.Length > MaxFiles)
        {
            throw new SignerRefusalException($"{source}: wanted at most {MaxFiles} files of a change, got more");
        }

        foreach (FileInfo file in topLevel.Select(name => new FileInfo(Path.Combine(source, name))).Concat(files))
        {
            Copy(file, Path.Combine(target, Path.GetRelativePath(source, file.FullName)));
        }
    }

    private static void Copy(FileInfo file, string target) => DurableFile.Replace(target, ForeignFile.Read(file.FullName, MaxBytes));
}
