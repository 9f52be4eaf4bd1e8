namespace Fota.Interop.Posix;

/// <summary>Replaces whole files so that a power cut leaves the old or the new one: temporary file, flush, rename, flush of the directory.</summary>
public static class DurableFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static PosixFileSystem Disk => PosixFileSystem.Instance;

    /// <summary>Writes <paramref name="content"/> to <paramref name="path"/>, readable as the umask allows; missing folders are made.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content) => Replace(Disk, path, content, mode: null);

    /// <summary>As <see cref="Replace(string, ReadOnlySpan{byte})"/>, readable by its owner alone.</summary>
    public static void ReplacePrivate(string path, ReadOnlySpan<byte> content) => ReplacePrivate(Disk, path, content);

    /// <summary>As <see cref="ReplacePrivate(string, ReadOnlySpan{byte})"/>, in <paramref name="files"/>.</summary>
    public static void ReplacePrivate(IFileSystem files, string path, ReadOnlySpan<byte> content) => Replace(files, path, content, OwnerOnly);

    /// <summary>As <see cref="Replace(string, ReadOnlySpan{byte})"/>, for content of any size. What <paramref name="write"/> throws leaves the old file.</summary>
    public static void Replace(string path, Action<FileStream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string temporary = Prepare(Disk, path);
        using (FileStream file = File.Create(temporary))
        {
            write(file);
            file.Flush(flushToDisk: true);
        }

        Install(Disk, temporary, path);
    }

    /// <summary>As <see cref="Replace(string, ReadOnlySpan{byte})"/> in <paramref name="files"/>, with the bytes of <paramref name="content"/> from where it stands.</summary>
    public static void Replace(IFileSystem files, string path, Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        string temporary = Prepare(files, path);
        using (IWritableFile file = files.Create(temporary, mode: null))
        {
            byte[] buffer = new byte[64 * 1024];
            long offset = 0;
            for (int read = content.Read(buffer, 0, buffer.Length); read > 0; read = content.Read(buffer, 0, buffer.Length))
            {
                file.Write(buffer.AsSpan(0, read), offset);
                offset += read;
            }

            file.Flush();
        }

        Install(files, temporary, path);
    }

    /// <summary>Deletes <paramref name="path"/>, if it is there.</summary>
    public static void Delete(string path) => Delete(Disk, path);

    /// <summary>As <see cref="Delete(string)"/>, in <paramref name="files"/>.</summary>
    public static void Delete(IFileSystem files, string path)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.FileExists(path))
        {
            files.Delete(path);
            files.FlushDirectory(FolderOf(path));
        }
    }

    /// <summary>Makes a directory and its parents, each entry durable.</summary>
    public static void CreateFolder(string path) => CreateFolder(Disk, path);

    /// <summary>As <see cref="CreateFolder(string)"/>, in <paramref name="files"/>.</summary>
    public static void CreateFolder(IFileSystem files, string path)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.DirectoryExists(path))
        {
            return;
        }

        string parent = FolderOf(path);
        CreateFolder(files, parent);
        files.CreateDirectory(path);
        files.FlushDirectory(parent);
    }

    private static void Replace(IFileSystem files, string path, ReadOnlySpan<byte> content, UnixFileMode? mode)
    {
        string temporary = Prepare(files, path);
        using (IWritableFile file = files.Create(temporary, mode))
        {
            file.Write(content, 0);
            file.Flush();
            file.Uncache();
        }

        DemandKept(files, temporary, content);
        Install(files, temporary, path);
    }

    // A medium that does not keep what it is given, such as worn flash, is found while the old file is still there.
    private static void DemandKept(IFileSystem files, string path, ReadOnlySpan<byte> content)
    {
        using Stream? file = files.OpenForReading(path);
        byte[] kept = new byte[content.Length + 1];
        int length = file?.ReadAtLeast(kept, kept.Length, throwOnEndOfStream: false) ?? 0;
        if (!content.SequenceEqual(kept.AsSpan(0, length)))
        {
            throw new IOException($"{path}: wanted to read what was written, got something else");
        }
    }

    // A fixed name: what a power cut leaves behind is removed by the next attempt. Removed, not reused, as it might have other permissions.
    private static string Prepare(IFileSystem files, string path)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentException.ThrowIfNullOrEmpty(path);
        CreateFolder(files, FolderOf(path));
        string temporary = path + ".new";
        files.Delete(temporary);
        return temporary;
    }

    private static void Install(IFileSystem files, string temporary, string path)
    {
        files.Rename(temporary, path);
        files.FlushDirectory(FolderOf(path));
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
}
