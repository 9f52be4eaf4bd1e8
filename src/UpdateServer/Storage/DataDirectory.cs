using System.Security.Cryptography;
using System.Text;
using Fota.Interop.Posix;
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

    public string DatabaseFile => DatabaseFileOf(Path);

    /// <summary>This server's own name among those that share a folder: random, and the same at every start.</summary>
    public string ServerId
    {
        get
        {
            string file = System.IO.Path.Combine(Path, "server-id");
            if (!File.Exists(file))
            {
                DurableFile.ReplacePrivate(file, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))));
            }

            return File.ReadAllText(file);
        }
    }

    /// <summary>Where the SQLite database is in a data folder.</summary>
    public static string DatabaseFileOf(string path) => System.IO.Path.Combine(path, "server.db");

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
