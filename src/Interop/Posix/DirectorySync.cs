using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fota.Interop.Posix;

/// <summary>
/// Makes the entries of a directory durable. A renamed file survives a power cut only when its directory was flushed too, and the runtime opens no
/// directories.
/// </summary>
public static partial class DirectorySync
{
    private const int CloseOnExec = 0x80000;

    /// <summary>Flushes <paramref name="path"/> to the disk (fcntl.h: open, unistd.h: fsync).</summary>
    /// <exception cref="IOException">The directory cannot be opened or flushed; the message names the function that failed.</exception>
    public static void Flush(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using SafeFileHandle directory = Open(path, CloseOnExec);
        if (directory.IsInvalid)
        {
            throw Failure("open", path);
        }

        if (Fsync(directory) != 0)
        {
            throw Failure("fsync", path);
        }
    }

    private static IOException Failure(string function, string path)
    {
        Win32Exception error = new(Marshal.GetLastPInvokeError());
        return new IOException($"{function}: {path}: {error.Message}", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);
}
