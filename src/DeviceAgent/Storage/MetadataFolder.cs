using Fota.Interop.Posix;

namespace Fota.DeviceAgent.Storage;

/// <summary>One flat folder of public files, whose names are percent-encoded.</summary>
internal sealed class MetadataFolder(string directory) : IDurableStore
{
    private readonly string _directory = Path.GetFullPath(directory);

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
    public void Replace(string name, ReadOnlySpan<byte> content) => DurableFile.Replace(PathOf(name), content);

    /// <inheritdoc/>
    public void Delete(string name) => DurableFile.Delete(PathOf(name));

    // The encoding leaves neither '/' nor "." and ".." as whole names; that it was used is checked here once more (A15).
    private string PathOf(string name) => name is not ("" or "." or "..") && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '%')
        ? Path.Combine(_directory, name)
        : throw new ArgumentException($"Not a percent-encoded name: {name}", nameof(name));
}
