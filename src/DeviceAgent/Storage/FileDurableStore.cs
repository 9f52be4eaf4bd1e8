using Fota.Interop.Posix;
namespace Fota.DeviceAgent.Storage;

/// <summary>The store as files below one directory.</summary>
public sealed class FileDurableStore : IDurableStore
{
    private readonly string _directory;

    /// <summary>Keeps its files below <paramref name="directory"/>.</summary>
    public FileDurableStore(string directory) => _directory = Path.GetFullPath(directory);

    /// <inheritdoc/>
    public byte[]? Read(string name)
    {
        try
        {
            return File.ReadAllBytes(PathOf(name));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Replace(string name, ReadOnlySpan<byte> content)
    {
        DurableFile.ReplacePrivate(PathOf(name), content);
    }

    /// <inheritdoc/>
    public void Delete(string name) => DurableFile.Delete(PathOf(name));

    // Names of metadata files come from signed documents; that they cannot climb is checked here once more (A15).
    private string PathOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string[] segments = name.Split('/');
        return segments.All(IsSafe)
            ? Path.Combine([_directory, .. segments])
            : throw new ArgumentException($"Not a name in a store: {name}", nameof(name));
    }

    private static bool IsSafe(string segment) =>
        segment is not ("" or "." or "..") && segment.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.');
}
