namespace Fota.Manifest.Log;

/// <summary>Where the files of a log are read from: a folder, a server, an archive. Nothing that it gives is believed.</summary>
public interface ITileSource
{
    /// <summary>The name of the file that holds the newest checkpoint.</summary>
    const string Checkpoint = "checkpoint";

    /// <summary>Reads a file.</summary>
    /// <param name="path">Relative to the log's prefix, for example "checkpoint" or "tile/0/000.p/17".</param>
    /// <param name="maxBytes">Of a longer file no more than this and one byte is given.</param>
    /// <returns>Its bytes; null if there is no such file.</returns>
    byte[]? Read(string path, int maxBytes);
}
