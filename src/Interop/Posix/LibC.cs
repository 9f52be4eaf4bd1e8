using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fota.Interop.Posix;

/// <summary>The few calls of the C library that .NET does not offer: who owns a file, flushing a directory, and hints about files.</summary>
internal static unsafe partial class LibC
{
    public const int AT_EMPTY_PATH = 0x1000;
    public const uint STATX_TYPE = 0x01;
    public const uint STATX_UID = 0x08;
    public const ushort S_IFMT = 0xF000;
    public const ushort S_IFREG = 0x8000;
    public const int O_RDONLY = 0;
    public const int O_NONBLOCK = 0x800;
    public const int POSIX_FADV_DONTNEED = 4;
    public const uint SYNC_FILE_RANGE_WRITE = 2;
    public const int O_CLOEXEC = 0x80000;
    public const int ENOENT = 2;
    public const int ENOTDIR = 20;
    public const int ELOOP = 40;

    /// <summary>Of the flags used here the one that is not the same number on every architecture.</summary>
    public static int O_NOFOLLOW { get; } = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>struct statx (linux/stat.h): 256 bytes, laid out alike on every architecture, which struct stat is not.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(28)]
        public ushort Mode;
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
