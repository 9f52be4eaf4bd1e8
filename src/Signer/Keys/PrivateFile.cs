using Fota.Interop.Posix;

namespace Fota.Signer.Keys;

/// <summary>Reads files that hold a secret. One that others may read, or that belongs to somebody else, is refused rather than warned about.</summary>
internal static class PrivateFile
{
    private const int MaxLength = 1024;

    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The content without one final line break, in an array that the caller zeroes.</summary>
    public static byte[] Read(string path, string what)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("secrets are read where files have POSIX modes and owners");
        }

        UnixFileMode mode = File.GetUnixFileMode(file.SafeFileHandle);
        if ((mode & ~Owner) != UnixFileMode.None)
        {
            throw new SignerRefusalException($"{what} {path}: wanted mode 0600, got 0{Convert.ToString((int)mode, 8)}: chmod 600 {path}");
        }

        if (!PosixFile.IsOwnedByCaller(file.SafeFileHandle))
        {
            throw new SignerRefusalException($"{what} {path}: wanted a file that belongs to you, got another's");
        }

        byte[] buffer = GC.AllocateArray<byte>(MaxLength + 1, pinned: true);
        int length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        ReadOnlySpan<byte> content = buffer.AsSpan(0, length);
        content = content.EndsWith("\r\n"u8) ? content[..^2] : content.EndsWith("\n"u8) ? content[..^1] : content;
        byte[] secret = GC.AllocateArray<byte>(content.Length, pinned: true);
        content.CopyTo(secret);
        Array.Clear(buffer);
        return length is > 0 and <= MaxLength && secret.Length > 0
            ? secret
            : throw new SignerRefusalException($"{what} {path}: wanted 1 to {MaxLength} bytes");
    }
}
