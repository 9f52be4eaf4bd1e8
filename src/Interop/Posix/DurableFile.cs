namespace Fota.Interop.Posix;

/// <summary>Replaces whole files so that a power cut leaves the old or the new one: temporary file, flush, rename, flush of the directory.</summary>
public static class DurableFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes <paramref name="content"/> to <paramref name="path"/>, readable as the umask allows; missing folders are made.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content) => Replace(path, content, mode: null);

    /// <summary>As <see cref="Replace(string, ReadOnlySpan{byte})"/>, readable by its owner alone.</summary>
    public static void ReplacePrivate(string path, ReadOnlySpan<byte> content) => Replace(path, content, OwnerOnly);

    /// <summary>As <see cref="Replace(string, ReadOnlySpan{byte})"/>, for content of any size. What <paramref name="write"/> throws leaves the old file.</summary>
    public static void Replace(string path, Action<FileStream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string temporary = Prepare(path);
        using (FileStream file = File.Create(temporary))
        {
            write(file);
            file.Flush(flushToDisk: true);
        }

        Install(temporary, path);
    }

    /// <summary>Deletes <paramref name="path"/>, if it is there.</summary>
    public static void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
            PosixFile.FlushDirectory(FolderOf(path));
        }
    }

    /// <summary>Makes a directory and its parents, each entry durable.</summary>
    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        string parent = FolderOf(path);
        CreateFolder(parent);
        Directory.CreateDirectory(path);
        PosixFile.FlushDirectory(parent);
    }

    private static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode? mode)
    {
        string temporary = Prepare(path);
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (mode is not null)
        {
            options.UnixCreateMode = mode;
        }

        using (FileStream file = new(temporary, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        Install(temporary, path);
    }

    // A fixed name: what a power cut leaves behind is removed by the next attempt. Removed, not reused, as it might have other permissions.
    private static string Prepare(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CreateFolder(FolderOf(path));
        string temporary = path + ".new";
        File.Delete(temporary);
        return temporary;
    }

    private static void Install(string temporary, string path)
    {
        File.Move(temporary, path, overwrite: true);
        PosixFile.FlushDirectory(FolderOf(path));
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
}
