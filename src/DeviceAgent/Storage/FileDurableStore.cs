using Fota.Interop.Posix;
namespace Fota.DeviceAgent.Storage;

/// <summary>The store as files below one directory.</summary>
internal sealed class FileDurableStore : IDurableStore
{
    private readonly string _directory;
    private readonly IFileSystem _files;

    /// <summary>Keeps its files below <paramref name="directory"/>.</summary>
    public FileDurableStore(string directory)
        : this(directory, PosixFileSystem.Instance)
    {
    }

    /// <summary>Keeps its files below <paramref name="directory"/> of <paramref name="files"/>.</summary>
    public FileDurableStore(string directory, IFileSystem files)
    {
        ArgumentNullException.ThrowIfNull(files);
        _directory = Path.GetFullPath(directory);
        _files = files;
    }

    /// <inheritdoc/>
    public byte[]? Read(string name)
    {
        using Stream? file = _files.OpenForReading(PathOf(name));
        if (file is null)
        {
            return null;
        }

        using MemoryStream content = new();
        file.CopyTo(content);
        return content.ToArray();
    }

    /// <inheritdoc/>
    public void Replace(string name, ReadOnlySpan<byte> content)
    {
        DurableFile.ReplacePrivate(_files, PathOf(name), content);
    }

    /// <inheritdoc/>
    public void Delete(string name) => DurableFile.Delete(_files, PathOf(name));

    // Names of metadata files come from signed documents; that they cannot climb is checked here once more (A15).
    private string PathOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string[] segments = name.Split('/');
        return segments.All(IsSafe)
            ? Path.Combine([_directory, .. segments])
            : throw new ArgumentException($"Not a name in a store: {name}", nameof(name));
    }

    private static bool IsSafe(string segment) =>
        segment is not ("" or "." or "..") && segment.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.');
}
