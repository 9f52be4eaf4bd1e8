using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fota.Interop.Posix;

/// <summary>The few calls of the C library that .NET does not offer: who owns a file, flushing a directory, and hints about files.</summary>
internal static unsafe partial class LibC
{
    public const int AT_EMPTY_PATH = 0x1000;
    public const uint STATX_UID = 0x08;
    public const int O_RDONLY = 0;
    public const int POSIX_FADV_DONTNEED = 4;
    public const uint SYNC_FILE_RANGE_WRITE = 2;
    public const int O_CLOEXEC = 0x80000;

    /// <summary>struct statx (linux/stat.h): 256 bytes, laid out alike on every architecture, which struct stat is not.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(20)]
        public uint Uid;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int statx(SafeFileHandle folder, string path, int flags, uint mask, Statx* result);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc")]
    public static partial int posix_fadvise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc")]
    public static partial int sync_file_range(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsync(SafeFileHandle file);
}
