using Fota.Interop.Posix;
using Fota.UpdateServer.Configuration;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <summary>A copy of the database as of one moment, of a server that may go on meanwhile (docs/runbooks/backup.md).</summary>
internal static class SqliteBackup
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes it: whole, looked through and durable, or not there at all; readable by its owner alone, as it holds what the database does.</summary>
    /// <returns>The version of the schema in it.</returns>
    /// <exception cref="ConfigurationException">The server has no SQLite, or there is such a file already.</exception>
    /// <exception cref="IOException">The database is not there, or cannot be copied.</exception>
    public static long Make(ServerSettings settings, string output)
    {
        if (settings.Database is not null)
        {
            throw new ConfigurationException("database: wanted SQLite, got PostgreSQL, of which pg_dump makes a backup");
        }

        string database = DataDirectory.DatabaseFileOf(settings.DataDirectory);
        if (!File.Exists(database))
        {
            throw new FileNotFoundException($"data: wanted a server's folder with {database}, got none");
        }

        if (File.Exists(output))
        {
            throw new ConfigurationException($"--out: wanted a file that is not there yet, got {output}: a backup replaces no other");
        }

        string unfinished = output + ".new";
        File.Delete(unfinished);
        try
        {
            new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }).Dispose();
            long version = SqliteDatabase.Copy(database, unfinished);
            using (FileStream copy = new(unfinished, FileMode.Open, FileAccess.ReadWrite))
            {
                copy.Flush(flushToDisk: true);
            }

            File.Move(unfinished, output);
            PosixFile.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
            return version;
        }
        catch (SqliteException e)
        {
            throw new IOException($"{database}: it cannot be copied ({e.Message})", e);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
