using Fota.Interop.Posix;

namespace Fota.DeviceAgent.Boot.Variables;

/// <summary>
/// GRUB's environment block in its file. Ours is written beside it, flushed, and renamed over it, so that a power cut leaves the old one or the new one (on file
/// systems whose rename is atomic). GRUB's own writes while it boots are in place and without a second copy: those lie outside our promise (docs/spec/boot.md).
/// </summary>
internal sealed class GrubEnvironmentFile : IBootEnvironment
{
    private readonly string _path;

    /// <summary>Keeps the block in <paramref name="path"/>, which may be a symbolic link to it.</summary>
    public GrubEnvironmentFile(string path) => _path = Path.GetFullPath(path);

    /// <inheritdoc/>
    public BootVariables? Read() => ReadBlock() is { } block ? GrubEnvironmentBlock.Decode(block) : null;

    /// <inheritdoc/>
    public void Write(BootVariables variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        byte[] before = ReadBlock() is { Length: GrubEnvironmentBlock.Size } block ? block : throw new IOException($"boot environment: {_path}: wanted an environment block, got none");

        // Renaming over a link would leave GRUB with the old block.
        string target = File.ResolveLinkTarget(_path, returnFinalTarget: true)?.FullName ?? _path;
        DurableFile.Replace(target, GrubEnvironmentBlock.Encode(variables, before));
    }

    private byte[]? ReadBlock()
    {
        try
        {
            return File.ReadAllBytes(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
