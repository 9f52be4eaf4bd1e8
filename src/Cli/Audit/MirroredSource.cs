using Fota.Cli.Packs;
using Fota.Manifest.Log;

namespace Fota.Cli.Audit;

/// <summary>Keeps what is read of a log in a folder, from which it verifies again without its server. The checkpoint comes last, once all of it was verified: a copy that was interrupted has none.</summary>
internal sealed class MirroredSource(ITileSource source, string folder) : ITileSource
{
    private readonly Dictionary<string, byte[]> _checkpoints = new(StringComparer.Ordinal);

    public byte[]? Read(string path, int maxBytes)
    {
        if (source.Read(path, maxBytes) is not { } file || file.Length > maxBytes)
        {
            return null;
        }

        if (Path.GetFileName(path) is ITileSource.Checkpoint)
        {
            _checkpoints[path] = file;
        }
        else
        {
            Write(path, file);
        }

        return file;
    }

    /// <summary>All of it was verified.</summary>
    public void Complete()
    {
        foreach ((string path, byte[] note) in _checkpoints)
        {
            Write(path, note);
        }
    }

    private void Write(string path, byte[] file)
    {
        string place = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        OutputFile.Write(place, stream => stream.Write(file));
    }
}
