using System.CommandLine;
using System.Security.Cryptography;
using Fota.Manifest;
using Fota.Shared;
using Fota.UpdateServer;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Rollouts.Simulation;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Sqlite;
using Microsoft.Extensions.Logging.Console;

Option<FileInfo> config = new("--config") { Description = "The server's configuration (JSON).", Required = true };
Option<FileInfo> output = new("--out") { Description = "File for the certificate request (PEM).", Required = true };

Option<FileInfo> copy = new("--out") { Description = "File for the copy of the database; it must not be there yet.", Required = true };
Option<bool> pause = new("--pause-rollouts") { Description = "Pauses every rollout that runs before anybody is served: after a restore." };

Command run = new("run", "Serves devices, the signer and operators until told to stop.") { config, pause };
run.SetAction(async (parsed, cancellation) =>
{
    ServerSettings settings = SettingsFile.Read(parsed.GetRequiredValue(config).FullName) with { PauseRollouts = parsed.GetValue(pause) };
    await using FotaServer server = await FotaServer.StartAsync(settings, TimeProvider.System, LogToStandardError, cancellation);

    // Reading a fleet leaves several times its size behind. This is the one moment when to clear up keeps no device waiting.
    GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    Console.Out.WriteLine($"listening on {server.Address.GetLeftPart(UriPartial.Authority)}");
    await server.WaitAsync(cancellation);
    return 0;
});

Command request = new("tls-request", "Makes the server's token and TLS key, if they are not there, and a request for its certificate.") { config, output };
request.SetAction(parsed =>
{
    ServerSettings settings = SettingsFile.Read(parsed.GetRequiredValue(config).FullName);
    File.WriteAllText(parsed.GetRequiredValue(output).FullName, TlsRequest.Create(settings.Tls));
    return 0;
});

Command backup = new("backup", "Copies the SQLite database of a server that may be running. PostgreSQL has pg_dump.") { config, copy };
backup.SetAction(parsed =>
{
    string file = parsed.GetRequiredValue(copy).FullName;
    long version = SqliteBackup.Make(SettingsFile.Read(parsed.GetRequiredValue(config).FullName), file);
    Console.Out.WriteLine($"made: {file}, a database of version {version}");
    return 0;
});

Command rollout = new("rollout", "Looks at plans of rollouts.") { SimulateCommand.Create() };
RootCommand root = new("Verifies, publishes and rolls out what the signer signed.") { run, request, backup, rollout };
return await CommandLineEntry.RunAsync(root, args, static e => e is ConfigurationException or CryptographicException or RejectedException or InvalidDataException or StoreUnavailableException);

// Standard output is for programs: it says where the server listens, and nothing else.
static void LogToStandardError(ILoggingBuilder logging) => logging
    .AddFilter("Microsoft", LogLevel.Warning)
    .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None) // at each look; Readiness says what changed
    .AddFilter("Quartz", LogLevel.Warning)
    .AddSimpleConsole(static o => (o.SingleLine, o.ColorBehavior, o.TimestampFormat, o.UseUtcTimestamp) = (true, LoggerColorBehavior.Disabled, "yyyy-MM-ddTHH:mm:ssZ ", true))
    .Services.Configure<ConsoleLoggerOptions>(static o => o.LogToStandardErrorThreshold = LogLevel.Trace);
