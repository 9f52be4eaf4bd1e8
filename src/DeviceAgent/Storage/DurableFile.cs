using Fota.Interop.Posix;

namespace Fota.DeviceAgent.Storage;

/// <summary>Replaces whole files so that a power cut leaves the old or the new one: temporary file, flush, rename, flush of the directory.</summary>
public static class DurableFile
{
    /// <summary>Writes <paramref name="content"/> to <paramref name="path"/>, readable by its owner alone; its directory must exist.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".new"; // a fixed name: what a power cut leaves behind is overwritten by the next attempt
        FileStreamOptions options = new()
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(temporary, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        DirectorySync.Flush(FolderOf(path));
    }

    /// <summary>Deletes <paramref name="path"/>, if it is there.</summary>
    public static void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
            DirectorySync.Flush(FolderOf(path));
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
        DirectorySync.Flush(parent);
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
}
