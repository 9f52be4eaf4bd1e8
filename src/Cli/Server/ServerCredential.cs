using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Fota.Cli.Login;
using Fota.Cli.Signing;

namespace Fota.Cli.Server;

/// <summary>By what a command says who asks: a token, or a certificate with its key. What is named beats what the environment has, and that a login.</summary>
internal sealed class ServerCredential : IDisposable
{
    private readonly Stack<IDisposable> _owned = new();

    private ServerCredential(string? token) => Token = token;

    /// <summary>No credential.</summary>
    public static ServerCredential Nobody => new(token: null);

    /// <summary>A bearer token; null for none.</summary>
    public string? Token { get; }

    /// <summary>A certificate with its key; null for none.</summary>
    public X509Certificate2? Certificate { get; private set; }

    /// <exception cref="CommandFailedException">There is none, or the login is over.</exception>
    public static ServerCredential Of(ParseResult parsed) =>
        parsed.GetValue(ServerConnection.Token) is { } token ? OfToken(token.FullName)
        : parsed.GetValue(ServerConnection.Identity) is { } identity ? OfIdentity(identity.FullName)
        : ServerConnection.FromEnvironment("FOTA_TOKEN_FILE") is { } tokenFile ? OfToken(tokenFile)
        : ServerConnection.FromEnvironment("FOTA_IDENTITY") is { } identityFile ? OfIdentity(identityFile)
        : OfLogin(ServerConnection.AddressOf(parsed));

    /// <summary>This token.</summary>
    public static ServerCredential WithToken(string token) => new(token);

    /// <exception cref="CommandFailedException">There is none, or it is over.</exception>
    private static ServerCredential OfLogin(Uri server) => LoginStore.Find(server) is not { } login
        ? throw new CommandFailedException("wanted --token-file, --identity, FOTA_TOKEN_FILE, FOTA_IDENTITY or a login (fota login), got none")
        : login.Expires <= TimeProvider.System.GetUtcNow() ? throw new CommandFailedException($"the login at {server.GetLeftPart(UriPartial.Authority)} ended at {login.Expires:u}: fota login")
        : new ServerCredential(login.AccessToken);

    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? last))
        {
            last.Dispose();
        }
    }

    private static ServerCredential OfToken(string file) => new(File.ReadAllText(file).Trim());

    private static ServerCredential OfIdentity(string file)
    {
        ServerCredential credential = new(token: null);
        try
        {
            credential.Certificate = ServiceIdentity.Read(file).Open(credential._owned);
            return credential;
        }
        catch
        {
            credential.Dispose();
            throw;
        }
    }
}
