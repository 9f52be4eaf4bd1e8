namespace Fota.Interop.Posix;

/// <summary>The files of this machine.</summary>
public sealed class PosixFileSystem : IFileSystem
{
    private PosixFileSystem()
    {
    }

    /// <summary>The one instance; it has no state.</summary>
    public static PosixFileSystem Instance { get; } = new();

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public Stream? OpenForReading(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public IWritableFile Create(string path, UnixFileMode? mode)
    {
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (mode is not null)
        {
            options.UnixCreateMode = mode;
        }

        return new WritableFile(new FileStream(path, options));
    }

    /// <inheritdoc/>
    public IWritableFile OpenForWriting(string path) => new WritableFile(new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0));

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public void Delete(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <inheritdoc/>
    public void FlushDirectory(string path) => PosixFile.FlushDirectory(path);

    private sealed class WritableFile(FileStream file) : IWritableFile
    {
        // While more is fetched and proven the disk writes what came before, or the flush at the end would wait for all of it.
        private const int WritebackBytes = 4 * 1024 * 1024;

        private long _begin, _end;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            RandomAccess.Write(file.SafeFileHandle, bytes, offset);
            _begin = offset == _end ? _begin : offset;
            _end = offset + bytes.Length;
            if (_end - _begin >= WritebackBytes)
            {
                PosixFile.BeginWriteback(file.SafeFileHandle, _begin, _end - _begin);
                _begin = _end;
            }
        }

        public void Flush() => file.Flush(flushToDisk: true);

        public void Uncache() => PosixFile.Uncache(file.SafeFileHandle);

        public void Dispose() => file.Dispose();
    }
}
