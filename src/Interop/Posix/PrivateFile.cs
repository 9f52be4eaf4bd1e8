namespace Fota.Interop.Posix;

/// <summary>Reads files that hold a secret. One that others may read, or that belongs to somebody else, is refused rather than warned about.</summary>
public static class PrivateFile
{
    /// <summary>Longest secret in bytes.</summary>
    public const int MaxLength = 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Does something with the secret while it is in memory; it is zeroed afterwards.</summary>
    /// <typeparam name="T">What is made of it.</typeparam>
    public delegate T SecretReader<out T>(ReadOnlySpan<byte> secret);

    /// <summary>Reads the content of <paramref name="path"/> without one final line break.</summary>
    /// <param name="path">A file with mode 0600 or less that belongs to the caller.</param>
    /// <param name="what">What the file is, for the message.</param>
    /// <param name="read">Takes the secret.</param>
    /// <exception cref="PrivateFileException">Others may read it, it is another's, or it is empty or too long.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static T Read<T>(string path, string what, SecretReader<T> read) => Read(path, what, isText: true, read);

    /// <summary>As <see cref="Read{T}(string, string, SecretReader{T})"/>, to the last byte: for what is no text, in which a line break may be the end of a key.</summary>
    /// <typeparam name="T">What is made of it.</typeparam>
    /// <exception cref="PrivateFileException">Others may read it, it is another's, or it is empty or too long.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static T ReadWhole<T>(string path, string what, SecretReader<T> read) => Read(path, what, isText: false, read);

    private static T Read<T>(string path, string what, bool isText, SecretReader<T> read)
    {
        ArgumentNullException.ThrowIfNull(read);

        // Mode and owner are asked of the open file, so that no other can slip in between.
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        UnixFileMode mode = File.GetUnixFileMode(file.SafeFileHandle);
        if ((mode & ~OwnerOnly) != UnixFileMode.None)
        {
            throw new PrivateFileException($"{what} {path}: wanted mode 0600, got 0{Convert.ToString((int)mode, 8)}: chmod 600 {path}");
        }

        if (!PosixFile.IsOwnedByCaller(file.SafeFileHandle))
        {
            throw new PrivateFileException($"{what} {path}: wanted a file that belongs to you, got another's");
        }

        byte[] buffer = GC.AllocateArray<byte>(MaxLength + 2, pinned: true);
        try
        {
            ReadOnlySpan<byte> content = buffer.AsSpan(0, file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
            content = !isText ? content : content.EndsWith("\r\n"u8) ? content[..^2] : content.EndsWith("\n"u8) ? content[..^1] : content;
            return content.Length is > 0 and <= MaxLength
                ? read(content)
                : throw new PrivateFileException($"{what} {path}: wanted 1 to {MaxLength} bytes, got {(content.IsEmpty ? "none" : "more")}");
        }
        finally
        {
            Array.Clear(buffer);
        }
    }
}

/// <summary>A file that should hold a secret is not kept like one; the message is meant for people.</summary>
public sealed class PrivateFileException(string message) : IOException(message);
