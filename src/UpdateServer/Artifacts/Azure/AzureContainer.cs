using System.Net.Security;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Fota.Interop.Posix;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Artifacts.Azure;

/// <summary>The container that the server was told of, as whom it goes there, and how it lets others read there for a while.</summary>
internal sealed class AzureContainer
{
    private readonly BlobServiceClient _service;
    private readonly StorageResilience _resilience;
    private readonly bool _isIdentity;

    private AzureContainer(BlobServiceClient service, string name, bool isIdentity, StorageResilience resilience)
    {
        _service = service;
        _isIdentity = isIdentity;
        _resilience = resilience;
        Client = service.GetBlobContainerClient(name);
    }

    public BlobContainerClient Client { get; }

    /// <summary>Where devices read, ending in '/'; null where they are sent nowhere.</summary>
    public required Uri? ReadAddress { get; init; }

    /// <summary>Asks nobody yet.</summary>
    /// <param name="settings">Where it is.</param>
    /// <param name="layout">Whether real devices are served.</param>
    /// <param name="resilience">How it is asked.</param>
    /// <param name="identity">In place of the machine's; null but in tests.</param>
    /// <exception cref="ConfigurationException">A setting is not what it has to be.</exception>
    /// <exception cref="PrivateFileException">The connection string is not kept like a secret.</exception>
    public static AzureContainer Open(BlobSettings settings, DeploymentLayout layout, StorageResilience resilience, TokenCredential? identity = null)
    {
        BlobClientOptions options = new() { Transport = Transport(settings) };
        options.Retry.MaxRetries = 0; // StorageResilience does it, for all requests together
        options.Retry.NetworkTimeout = StorageResilience.Sending;
        options.AddPolicy(new ReadsWaitLess(), HttpPipelinePosition.PerCall);
        options.Diagnostics.IsLoggingEnabled = false; // addresses with signatures are in them
        BlobServiceClient service = settings.Account is { } account ? new BlobServiceClient(account, identity ?? MachineIdentity(settings, options.Transport), options) : ByConnectionString(settings, options);
        AzureContainer container = new(service, settings.Container, settings.Account is not null, resilience) { ReadAddress = ReadAddressOf(settings, service) };
        return (layout, service.Uri.Scheme, settings.Reads, container._isIdentity || container.Client.CanGenerateSasUri) switch
        {
            (DeploymentLayout.Production, not "https", _, _) => throw new ConfigurationException("blobs.connectionString: wanted an https address of the storage, as in every production layout, got another"),
            (_, not "https", not ReadWay.Server, _) => throw new ConfigurationException("blobs.reads: wanted server with a storage that is not reached by https, as devices go nowhere else, got another"),
            (_, _, ReadWay.SignedAddress, false) => throw new ConfigurationException("blobs.reads: wanted public or server with a connection string without the account's key, got signed"),
            _ => container.ReadAddress is not { } address || ContentSource.IsAddress(address)
                ? container
                : throw new ConfigurationException($"blobs.readAddress: wanted it where the container's own address is none of at most {ContentSource.MaxAddressLength} characters for devices, got none"),
        };
    }

    // By its parts: the client's own address has the server's credential in its query where the connection string is a shared access signature, and that is not for devices.
    private static Uri? ReadAddressOf(BlobSettings settings, BlobServiceClient service) => settings.Reads == ReadWay.Server
        ? null
        : settings.ReadAddress ?? new Uri($"{service.GetBlobContainerClient(settings.Container).Uri.GetLeftPart(UriPartial.Path)}/");

    /// <summary>Looks whether the container is there and lets this server in.</summary>
    /// <exception cref="ConfigurationException">It is not, or does not.</exception>
    /// <exception cref="StoreUnavailableException">Nobody knows now.</exception>
    public void Check()
    {
        try
        {
            if (!_resilience.Ask(stop => Client.Exists(stop)))
            {
                throw new ConfigurationException($"blobs.container: wanted a container that is there, got {Client.Name}");
            }
        }
        catch (StoreUnavailableException e) when (e.InnerException is RequestFailedException { Status: 400 or 401 or 403 } or CredentialUnavailableException)
        {
            throw new ConfigurationException($"blobs: wanted a container that lets this server in, got {e.Message}");
        }
    }

    /// <summary>The query of an address by which content, and nothing else, can be read from <paramref name="from"/> until <paramref name="until"/>.</summary>
    /// <exception cref="StoreUnavailableException">The storage gives no key to sign with now.</exception>
    public async Task<string> SignReadsAsync(DateTimeOffset from, DateTimeOffset until, CancellationToken cancellation)
    {
        BlobSasBuilder builder = new(BlobContainerSasPermissions.Read, until) { BlobContainerName = Client.Name, Resource = "c", StartsOn = from, Protocol = SasProtocol.Https };
        if (!_isIdentity)
        {
            return Client.GenerateSasUri(builder).Query.TrimStart('?');
        }

        Response<UserDelegationKey> key = await _resilience.AskAsync(stop => _service.GetUserDelegationKeyAsync(from, until, stop), cancellation);
        return builder.ToSasQueryParameters(key.Value, _service.AccountName).ToString();
    }

    private static ManagedIdentityCredential MachineIdentity(BlobSettings settings, HttpPipelineTransport transport) =>
        new(new ManagedIdentityCredentialOptions(settings.ClientId is { } id ? ManagedIdentityId.FromUserAssignedClientId(id) : ManagedIdentityId.SystemAssigned) { Transport = transport });

    private static BlobServiceClient ByConnectionString(BlobSettings settings, BlobClientOptions options)
    {
        string secret = PrivateFile.Read(settings.ConnectionStringFile!, "blobs.connectionString", System.Text.Encoding.UTF8.GetString);
        try
        {
            return new BlobServiceClient(secret, options);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            throw new ConfigurationException("blobs.connectionString: wanted a connection string of a storage account, got something else");
        }
    }

    private static HttpClientTransport Transport(BlobSettings settings)
    {
        SslClientAuthenticationOptions tls = new();
        if (settings.AuthoritiesFile is { } file)
        {
            tls.CertificateChainPolicy = PemCertificates.TrustOnly(file, "blobs.authorities");
        }

        // No redirect: it would take the server, with its credential, elsewhere.
        return new HttpClientTransport(new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10), SslOptions = tls })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each request has its own
        });
    }

    /// <summary>What is read comes, each time some bytes of it, within the time of an answer; only what is sent may take longer.</summary>
    private sealed class ReadsWaitLess : HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(HttpMessage message)
        {
            if (message.Request.Method == RequestMethod.Get)
            {
                message.NetworkTimeout = StorageResilience.Answer;
            }
        }
    }
}
