using System.Globalization;
using System.Reflection;
using Dapper;
using Fota.Interop;
using Fota.UpdateServer.AtRest;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <summary>One SQLite file: write-ahead log, full synchronisation, foreign keys, numbered migrations.</summary>
internal sealed class SqliteDatabase
{
    private const string MigrationPrefix = "Fota.UpdateServer.Storage.Migrations.";

    private readonly string _connectionString;

    static SqliteDatabase()
    {
        SystemLibrary.Redirect(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, "e_sqlite3", "libsqlite3.so.0");
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
    }

    /// <summary>Opens or makes the file and brings it up to date.</summary>
    /// <exception cref="InvalidDataException">A newer version of this program made it.</exception>
    public SqliteDatabase(string file)
    {
        _connectionString = new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWriteCreate, ForeignKeys = true, DefaultTimeout = 10 }.ToString();
        using SqliteConnection connection = Open();
        connection.Execute("PRAGMA journal_mode = WAL");
        Migrate(connection, file);
    }

    public SqliteConnection Open()
    {
        SqliteConnection connection = new(_connectionString);
        connection.Open();
        connection.Execute("PRAGMA synchronous = FULL");
        return connection;
    }

    /// <summary>Runs <paramref name="work"/> in one transaction that is a writer from the start.</summary>
    public void Write(Action<SqliteConnection, SqliteTransaction> work)
    {
        using SqliteConnection connection = Open();
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        work(connection, transaction);
        transaction.Commit();
    }

    /// <summary>Seals what is to be sealed, and leaves nothing of it in the file as it was before.</summary>
    /// <returns>How much was sealed.</returns>
    /// <exception cref="StoreUnavailableException">A key is missing; nothing was changed.</exception>
    /// <exception cref="InvalidDataException">A sealed value was changed, or moved; nothing was changed.</exception>
    public int Seal(AtRestKeys keys)
    {
        using SqliteConnection connection = Open();
        connection.Execute("PRAGMA secure_delete = ON");
        int count;
        using (SqliteTransaction transaction = connection.BeginTransaction(deferred: false))
        {
            count = RolloutKeySealing.Apply(connection, transaction, keys);
            transaction.Commit();
        }

        if (count > 0)
        {
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        return count;
    }

    /// <summary>Writes what <paramref name="file"/> holds at this moment into <paramref name="copy"/>, an empty file, and looks the copy through. Whoever works with the database goes on.</summary>
    /// <returns>The version of the schema.</returns>
    /// <exception cref="InvalidDataException">What the copy holds is damaged.</exception>
    public static long Copy(string file, string copy)
    {
        using (SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = 10 }.ToString()))
        {
            connection.Open();
            connection.Execute("VACUUM INTO @copy", new { copy });
        }

        using SqliteConnection made = new(new SqliteConnectionStringBuilder { DataSource = copy, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        made.Open();
        string found = made.ExecuteScalar<string>("PRAGMA integrity_check(1)")!;
        return found == "ok" ? made.ExecuteScalar<long>("PRAGMA user_version") : throw new InvalidDataException($"{file}: wanted a database without damage, got one of which SQLite says: {found}");
    }

    private static void Migrate(SqliteConnection connection, string file)
    {
        string[] names = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(static n => n.StartsWith(MigrationPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        long version = connection.QuerySingle<long>("PRAGMA user_version");
        if (version > NumberOf(names[^1]))
        {
            throw new InvalidDataException($"{file}: wanted a database of version {NumberOf(names[^1])} or older, got {version}: a newer program made it");
        }

        // By number, not by place: numbers are given out before scripts are finished, and one may never be used.
        foreach (string name in names.Where(n => NumberOf(n) > version))
        {
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            using StreamReader script = new(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
            connection.Execute(script.ReadToEnd(), transaction: transaction);
            connection.Execute($"PRAGMA user_version = {NumberOf(name)}", transaction: transaction); // pragmas take no parameters
            transaction.Commit();
        }
    }

    private static int NumberOf(string name) => int.Parse(name.AsSpan(MigrationPrefix.Length, 4), CultureInfo.InvariantCulture);
}
