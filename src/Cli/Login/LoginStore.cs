using System.Text.Json;
using Fota.Interop.Posix;

namespace Fota.Cli.Login;

/// <summary>What a login got.</summary>
/// <param name="AccessToken">The token: whoever has it is that person until it ends.</param>
/// <param name="Expires">Until when; null: the authorisation server did not say.</param>
/// <param name="Issuer">Who gave it.</param>
/// <param name="ClientId">To whom.</param>
/// <param name="RevocationEndpoint">Where it is taken back; null: nowhere.</param>
internal sealed record StoredLogin(string AccessToken, DateTimeOffset? Expires, string Issuer, string ClientId, string? RevocationEndpoint);

/// <summary>
/// Logins by server, in a file that its user alone can read: `fota/logins.json` in XDG_CONFIG_HOME, else in ~/.config. Not in a keyring: one that is there on
/// every machine, without a desktop too, and that other programs of the same user cannot read either, does not exist on Linux.
/// </summary>
internal static class LoginStore
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersFolder = OwnerOnly | UnixFileMode.UserExecute;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>The file; it need not be there.</summary>
    public static string File { get; } = Path.Combine(Folder(), "fota", "logins.json");

    /// <summary>The login at a server; null if there is none.</summary>
    public static StoredLogin? Find(Uri server) => Read().GetValueOrDefault(KeyOf(server));

    public static void Save(Uri server, StoredLogin login)
    {
        SortedDictionary<string, StoredLogin> logins = Read();
        logins[KeyOf(server)] = login;
        Write(logins);
    }

    /// <summary>Forgets a login.</summary>
    public static void Remove(Uri server)
    {
        SortedDictionary<string, StoredLogin> logins = Read();
        if (logins.Remove(KeyOf(server)))
        {
            Write(logins);
        }
    }

    private static string Folder() => Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder && Path.IsPathRooted(folder)
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");

    private static string KeyOf(Uri server) => server.GetLeftPart(UriPartial.Authority);

    private static SortedDictionary<string, StoredLogin> Read()
    {
        try
        {
            using FileStream file = System.IO.File.OpenRead(File);
            UnixFileMode mode = System.IO.File.GetUnixFileMode(file.SafeFileHandle);
            if ((mode & ~OwnerOnly) != UnixFileMode.None || !PosixFile.IsOwnedByCaller(file.SafeFileHandle))
            {
                throw new CommandFailedException($"{File}: wanted a file of yours with mode 0600, got 0{Convert.ToString((int)mode, 8)}: others may have read your login; log out, and chmod 600 {File}");
            }

            return new SortedDictionary<string, StoredLogin>(JsonSerializer.Deserialize<Dictionary<string, StoredLogin>>(file, s_json)!, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new SortedDictionary<string, StoredLogin>(StringComparer.Ordinal);
        }
        catch (JsonException)
        {
            throw new CommandFailedException($"{File}: wanted logins, got something else; remove it and log in again");
        }
    }

    private static void Write(SortedDictionary<string, StoredLogin> logins)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!, OwnersFolder);
        DurableFile.ReplacePrivate(File, JsonSerializer.SerializeToUtf8Bytes(logins, s_json));
    }
}
