using Fota.Interop.Posix;
using Fota.Manifest.Log;

namespace Fota.Signer.Log;

/// <summary>The log as it is served: HOME/log, in the layout of C2SP's tlog-tiles.</summary>
internal sealed class LogFolder(string root) : ITileSource
{
    public string FullPath(string path) => Path.Combine(root, path);

    /// <summary>Whether there is such a tile or bundle.</summary>
    public bool Has(TileAddress tile) => File.Exists(FullPath(tile.Path));

    public byte[]? Read(string path, int maxBytes)
    {
        try
        {
            using FileStream file = File.OpenRead(FullPath(path));
            byte[] bytes = new byte[Math.Min(file.Length, maxBytes + 1L)];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Writes a tile or a bundle. What lies there already has to be the same: a place in a tree is filled once.</summary>
    public void WriteOnce(TileAddress tile, byte[] content)
    {
        if (Read(tile.Path, content.Length) is not { } there)
        {
            DurableFile.Replace(FullPath(tile.Path), content);
        }
        else if (!there.AsSpan().SequenceEqual(content))
        {
            throw new SignerRefusalException($"{FullPath(tile.Path)}: wanted to write what lies there already, got other content: the log was not written by this journal, and nothing is signed for it");
        }
    }

    public void WriteCheckpoint(SignedNote note) => DurableFile.Replace(FullPath(ITileSource.Checkpoint), note.Bytes.Span);

    /// <summary>Removes the partial tiles that led to a full one.</summary>
    public void RemovePartial(TileAddress full)
    {
        string folder = FullPath(full.Path) + ".p";
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
