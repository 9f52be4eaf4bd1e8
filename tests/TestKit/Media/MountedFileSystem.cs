using Fota.Interop.Posix;

namespace Fota.TestKit.Media;

/// <summary>A disk, and another file system that is mounted at one of its directories: on a device, memory at run/.</summary>
public sealed class MountedFileSystem(IFileSystem disk, string mountPoint, IFileSystem mounted) : IFileSystem
{
    public bool FileExists(string path) => At(path).FileExists(path);

    public bool DirectoryExists(string path) => At(path).DirectoryExists(path);

    public Stream? OpenForReading(string path) => At(path).OpenForReading(path);

    public IWritableFile Create(string path, UnixFileMode? mode) => At(path).Create(path, mode);

    public IWritableFile OpenForWriting(string path) => At(path).OpenForWriting(path);

    public void Rename(string from, string to) => At(from).Rename(from, to);

    public void Delete(string path) => At(path).Delete(path);

    public void CreateDirectory(string path) => At(path).CreateDirectory(path);

    public void FlushDirectory(string path) => At(path).FlushDirectory(path);

    private IFileSystem At(string path) =>
        path == mountPoint || path.StartsWith(mountPoint + "/", StringComparison.Ordinal) ? mounted : disk;
}
