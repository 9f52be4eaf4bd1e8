using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fota.Interop.Posix;

/// <summary>What POSIX knows about files and .NET does not tell.</summary>
public static unsafe class PosixFile
{
    /// <summary>Whether the open file belongs to the user that this process acts for. Asked of the handle, so that no other file can slip in between.</summary>
    /// <exception cref="IOException">The file system does not say.</exception>
    public static bool IsOwnedByCaller(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        LibC.Statx result;
        return LibC.statx(file, "", LibC.AT_EMPTY_PATH, LibC.STATX_UID, &result) == 0 && (result.Mask & LibC.STATX_UID) != 0
            ? result.Uid == LibC.geteuid()
            : throw Failure("statx", "an open file");
    }

    /// <summary>Whether a directory belongs to the user that this process acts for.</summary>
    /// <exception cref="IOException">It cannot be opened, or the file system does not say.</exception>
    public static bool IsDirectoryOwnedByCaller(string path)
    {
        using SafeFileHandle folder = OpenDirectory(path);
        return IsOwnedByCaller(folder);
    }

    /// <summary>Opens a file that somebody else put where it is: a regular one, through no link, and without waiting for whoever would write it (A53).</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="InvalidDataException">It is a link, or no regular file.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static FileStream OpenForeign(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafeFileHandle file = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NOFOLLOW | LibC.O_NONBLOCK);
        int error = Marshal.GetLastPInvokeError();
        try
        {
            LibC.Statx result;
            return file.IsInvalid ? throw NotOpened(path, error)
                : LibC.statx(file, "", LibC.AT_EMPTY_PATH, LibC.STATX_TYPE, &result) == 0 && (result.Mask & LibC.STATX_TYPE) != 0 && (result.Mode & LibC.S_IFMT) == LibC.S_IFREG
                    ? new FileStream(file, FileAccess.Read, bufferSize: 0)
                    : throw new InvalidDataException($"{path}: wanted a regular file, got something else");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file that somebody else put where it is, and no more than so much of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The most that it may hold.</param>
    /// <inheritdoc cref="OpenForeign" path="/exception"/>
    public static byte[] ReadForeign(string path, int maxBytes)
    {
        // What the file system says of a length is not relied upon: one byte more than there may be is asked for.
        using FileStream stream = OpenForeign(path);
        byte[] buffer = new byte[Math.Min(maxBytes, stream.Length) + 1];
        int read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return read < buffer.Length ? buffer[..read] : throw new InvalidDataException($"{path}: wanted at most {maxBytes} bytes, got more");
    }

    /// <summary>Makes the names in a directory durable: a file that was renamed is under its new name after a power cut only then.</summary>
    /// <exception cref="IOException">The directory cannot be opened or flushed.</exception>
    public static void FlushDirectory(string path)
    {
        using SafeFileHandle folder = OpenDirectory(path);
        if (LibC.fsync(folder) != 0)
        {
            throw Failure("fsync", path);
        }
    }

    /// <summary>Has the kernel begin to write a part of a file to the disk, without waiting for it: it is durable only after a flush.</summary>
    public static void BeginWriteback(SafeFileHandle file, long offset, long length)
    {
        ArgumentNullException.ThrowIfNull(file);
        _ = LibC.sync_file_range(file, offset, length, LibC.SYNC_FILE_RANGE_WRITE); // a hint: errors of the disk are told by the flush
    }

    /// <summary>Drops what the page cache holds of a flushed file, as far as the file system can.</summary>
    public static void Uncache(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        _ = LibC.posix_fadvise(file, 0, 0, LibC.POSIX_FADV_DONTNEED); // advice, and no more: one that is not followed costs nothing
    }

    private static SafeFileHandle OpenDirectory(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafeFileHandle folder = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC);
        if (!folder.IsInvalid)
        {
            return folder;
        }

        IOException failure = Failure("open", path);
        folder.Dispose();
        throw failure;
    }

    private static Exception NotOpened(string path, int error) => error switch
    {
        LibC.ENOENT or LibC.ENOTDIR => new FileNotFoundException($"{path}: there is no such file", path),
        LibC.ELOOP => new InvalidDataException($"{path}: wanted a regular file, got a link"),
        _ => new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}"),
    };

    private static IOException Failure(string function, string subject) =>
        new($"{function} of {subject}: {Marshal.GetLastPInvokeErrorMessage()}");
}
