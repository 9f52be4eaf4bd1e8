namespace Fota.Interop.Posix;

/// <summary>
/// The few calls on files that durable storage is built of. A disk has one implementation, <see cref="PosixFileSystem"/>; a test puts a medium of its
/// own here, which loses power at every single call. Failures are <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>. What was
/// written, renamed or deleted survives a power cut only once it was flushed; until then any part of it may be there, in any order.
/// </summary>
public interface IFileSystem
{
    /// <summary>Whether there is a file of this name, and not a directory.</summary>
    bool FileExists(string path);

    /// <summary>Whether there is a directory of this name.</summary>
    bool DirectoryExists(string path);

    /// <summary>Opens a file at its beginning, unbuffered and seekable; null when there is none.</summary>
    Stream? OpenForReading(string path);

    /// <summary>Makes an empty file, also in the place of another one (open with O_CREAT and O_TRUNC). Its directory has to be there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">The permissions of a new file; null for what the umask allows.</param>
    IWritableFile Create(string path, UnixFileMode? mode);

    /// <summary>Opens a file for writing in its place, whatever its length; makes an empty one where there is none.</summary>
    IWritableFile OpenForWriting(string path);

    /// <summary>Gives a file another name in the same directory, also that of another file. It is atomic: no power cut leaves half of it.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file, if it is there.</summary>
    void Delete(string path);

    /// <summary>Makes one directory; its parent has to be there.</summary>
    void CreateDirectory(string path);

    /// <summary>On return the names in the directory are durable (fsync of the directory). It says nothing of the files' content.</summary>
    void FlushDirectory(string path);
}

/// <summary>A file that is open for writing.</summary>
public interface IWritableFile : IDisposable
{
    /// <summary>Writes all of <paramref name="bytes"/> at <paramref name="offset"/>; the file grows as far as it has to.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>On return the file's content and length are durable (fsync). It says nothing of the file's name.</summary>
    void Flush();

    /// <summary>Gives up what a cache holds of the flushed content, so that who reads it next asks the medium (posix_fadvise).</summary>
    void Uncache();
}
