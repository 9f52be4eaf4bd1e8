using System.Diagnostics;
using Npgsql;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>A real PostgreSQL in a folder of its own, reached by a socket in that folder and by nothing else. It ends with whoever started it, however that ends.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "postgres";

    private static readonly Lazy<Task<PostgresServer>> s_shared = new(StartAsync);
    private static int s_databases;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-pg-"); // short: a socket's path has 107 bytes
    private Process? _process;

    /// <summary>One for all fixtures that do not stop it.</summary>
    public static Task<PostgresServer> SharedAsync => s_shared.Value;

    /// <summary>The folder of the socket.</summary>
    public string Host => _folder.FullName;

    /// <summary>The folder of its programs.</summary>
    public static string Programs { get; } =
        Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(static d => int.Parse(Path.GetFileName(d))).Select(static d => Path.Combine(d, "bin")).First(static d => File.Exists(Path.Combine(d, "postgres")));

    public static bool IsSharedStarted => s_shared.IsValueCreated;

    public static async Task<PostgresServer> StartAsync()
    {
        PostgresServer server = new();
        await RunAsync("chmod", "0700", server._folder.FullName);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", User, server._folder.FullName);
        }

        await RunAsync(As("initdb", "--pgdata", server.PathOf("data"), "--username", User, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--no-locale"));
        await server.RunAgainAsync();
        return server;
    }

    /// <summary>A new database, which nobody else uses, as server.json names it.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"fota{Interlocked.Increment(ref s_databases)}";
        await using NpgsqlConnection connection = new(ConnectionTo("postgres"));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionTo(name);
    }

    public string ConnectionTo(string database) => $"Host={Host};Username={User};Database={database}";

    /// <summary>Stops it at once, as a crash would (its own processes see to it that what was committed stays).</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>Starts it, after <see cref="StopAsync"/>.</summary>
    public async Task RunAgainAsync()
    {
        // The shell waits for the end of its input, which comes with the end of this process, whatever ended it.
        string[] command = As(
            "postgres", "-D", PathOf("data"), "-k", Host, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=100", "-c", "logging_collector=off");
        string script = $"{string.Join(' ', command.Select(static a => $"'{a}'"))} >/dev/null 2>&1 & pid=$!; read _; kill -QUIT $pid; wait $pid";
        _process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/" })!;
        for (int i = 0; ; i++)
        {
            try
            {
                await using NpgsqlConnection connection = new(ConnectionTo("postgres") + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (i < 600 && !_process.HasExited)
            {
                await Task.Delay(50); // nothing says that it is there but that it is
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        NpgsqlConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    private string PathOf(string relative) => Path.Combine(_folder.FullName, relative);

    /// <summary>PostgreSQL does not run as root.</summary>
    private static string[] As(string program, params string[] arguments)
    {
        string path = Path.Combine(Programs, program);
        return Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", User, "--regid", User, "--clear-groups", path, .. arguments] : [path, .. arguments];
    }

    private static async Task RunAsync(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = "/" })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        string said = await output + await error;
        _ = process.ExitCode == 0 ? 0 : throw new InvalidOperationException($"{string.Join(' ', command)}: {said}");
    }
}
