using Fota.Interop.Posix;
using Npgsql;

namespace Fota.UpdateServer.Configuration;

/// <summary>A PostgreSQL database that servers share (docs/runbooks/several-servers.md).</summary>
public sealed record DatabaseSettings
{
    /// <summary>Where it is and as whom to log in, for example "Host=/run/postgresql;Username=fota;Database=fota"; never with a password.</summary>
    public required string Connection { get; init; }

    /// <summary>File with the password, mode 0600; null where the login needs none, or PGPASSWORD or PGPASSFILE have it.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The folder that all servers have in common, for what they publish; null where there is one server, which has it in its data folder.</summary>
    public string? ContentDirectory { get; init; }

    /// <summary>With the password: not for logs.</summary>
    /// <exception cref="IOException">The password's file cannot be read, or others may read it.</exception>
    internal string ConnectionString => new NpgsqlConnectionStringBuilder(Connection)
    {
        Password = PasswordFile is null ? null : PrivateFile.Read(PasswordFile, "database password", static secret => System.Text.Encoding.UTF8.GetString(secret)),
    }.ToString();

    internal void Validate(DeploymentLayout layout)
    {
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(Connection);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException)
        {
            throw new ConfigurationException($"database.connection: wanted a connection string of Npgsql, got another ({e.Message})");
        }

        if (builder.Password is not null || builder.Passfile is not null)
        {
            throw new ConfigurationException("database.connection: wanted no password in it (passwordFile, PGPASSWORD, PGPASSFILE or none), got one");
        }

        if (string.IsNullOrEmpty(builder.Host))
        {
            throw new ConfigurationException("database.connection: wanted Host=, got none");
        }

        // What is read from it decides which release devices are asked to install: nobody in between may answer in its place.
        if (layout == DeploymentLayout.Production && builder.SslMode != SslMode.VerifyFull && !builder.Host.Split(',').All(IsHere))
        {
            throw new ConfigurationException($"database.connection: wanted SSL Mode=VerifyFull for a database on another machine, as in every production layout, got {builder.SslMode}");
        }
    }

    private static bool IsHere(string host) => host.StartsWith('/') || host.Split(':')[0] is "localhost" or "127.0.0.1" || host is "::1";
}
