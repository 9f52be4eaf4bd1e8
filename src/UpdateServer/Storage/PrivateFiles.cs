using System.Diagnostics.CodeAnalysis;
using Fota.Interop.Posix;

namespace Fota.UpdateServer.Storage;

/// <summary>Files and folders that this server's user alone can read.</summary>
[SuppressMessage("Interoperability", "CA1416", Justification = "The server is built for Linux alone; file modes are what this class is for.")]
internal static class PrivateFiles
{
    private const UnixFileMode OwnerReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void CreateDirectory(string path) => Directory.CreateDirectory(path, OwnerReadWrite | UnixFileMode.UserExecute);

    /// <summary>Writes a new file, through to the disk, in place of one that may be there.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        File.Delete(path);
        using (FileStream output = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerReadWrite }))
        {
            output.Write(content);
            output.Flush(flushToDisk: true);
        }

        PosixFile.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Opens a file with a secret; null if anyone else can read it or owns it.</summary>
    public static FileStream? Open(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if ((File.GetUnixFileMode(file.SafeFileHandle) & ~OwnerReadWrite) == UnixFileMode.None && PosixFile.IsOwnedByCaller(file.SafeFileHandle))
        {
            return file;
        }

        file.Dispose();
        return null;
    }
}
