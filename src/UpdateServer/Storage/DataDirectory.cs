using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Storage;

/// <summary>The server's folder, readable by its user alone and held by one server at a time.</summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public string DatabaseFile => System.IO.Path.Combine(Path, "server.db");

    /// <exception cref="ConfigurationException">Another server holds it.</exception>
    public static DataDirectory Open(string path)
    {
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            return new DataDirectory(path, new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw new ConfigurationException($"data: wanted {path} for this server alone, got one that another server holds ({e.Message})");
        }
    }

    public void Dispose() => _lock.Dispose();
}
