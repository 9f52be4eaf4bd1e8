using System.Globalization;
using Fota.Interop;
using Microsoft.Data.Sqlite;

namespace Fota.Signer.Journal;

/// <summary>journal.db: what must survive a crash of the signer. Every write is on disk before it returns (WAL, synchronous=FULL).</summary>
internal sealed class SignerDatabase : IDisposable
{
    // The home's lock keeps other signers out: who holds the database for longer than this, in seconds, may hold it for long.
    private const int Patience = 2;

    private readonly SqliteConnection _connection;
    private bool _inTransaction;

    static SignerDatabase()
    {
        SystemLibrary.Redirect(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, "e_sqlite3", "libsqlite3.so.0");
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
    }

    private SignerDatabase(SqliteConnection connection) => _connection = connection;

    public static SignerDatabase Open(string path)
    {
        string text = new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, Pooling = false, DefaultTimeout = Patience }.ToString();
        SqliteConnection connection = new(text);
        try
        {
            connection.Open();
            SignerDatabase database = new(connection);
            _ = database.Scalar("PRAGMA journal_mode = WAL");
            _ = database.Execute("PRAGMA synchronous = FULL");
            database.Migrate(path);
            return database;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Runs a statement; its parameters are $0, $1 and so on.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    public object? Scalar(string sql, params ReadOnlySpan<object?> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        return command.ExecuteScalar();
    }

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        using SqliteDataReader reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>All of the statements or none; inside of another transaction they are part of that one.</summary>
    public void InTransaction(Action statements)
    {
        if (_inTransaction)
        {
            statements();
            return;
        }

        using SqliteTransaction transaction = _connection.BeginTransaction();
        _inTransaction = true;
        try
        {
            statements();
            transaction.Commit();
        }
        finally
        {
            _inTransaction = false;
        }
    }

    public void Dispose() => _connection.Dispose();

    private SqliteCommand Command(string sql, ReadOnlySpan<object?> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // Callers pass constants, values go in the parameters; PRAGMA takes none and gets a number of our own.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int i = 0; i < parameters.Length; i++)
        {
            command.Parameters.AddWithValue("$" + i, parameters[i] ?? DBNull.Value);
        }

        return command;
    }

    private void Migrate(string path)
    {
        long version = Convert.ToInt64(Scalar("PRAGMA user_version"), CultureInfo.InvariantCulture);
        if (version > SignerSchema.Migrations.Count)
        {
            throw new SignerRefusalException($"{path} was written by a newer fota-signer: wanted schema {SignerSchema.Migrations.Count} at most, got {version}");
        }

        for (int next = (int)version; next < SignerSchema.Migrations.Count; next++)
        {
            InTransaction(() =>
            {
                _ = Execute(SignerSchema.Migrations[next]);
                _ = Execute($"PRAGMA user_version = {next + 1}");
            });
        }
    }
}
