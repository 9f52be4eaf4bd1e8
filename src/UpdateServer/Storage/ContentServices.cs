using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Artifacts.Azure;
using Fota.UpdateServer.Configuration;

namespace Fota.UpdateServer.Storage;

/// <summary>Where a server keeps what is published: files in its data folder or in one that servers share, or a container of Azure Blob Storage.</summary>
internal static class ContentServices
{
    /// <summary>Opens it and adds it.</summary>
    /// <exception cref="ConfigurationException">The container is not there, or does not let this server in. That it is away now is no reason not to start.</exception>
    public static void Add(IServiceCollection services, ServerSettings settings, DataDirectory data, ServerSeams seams)
    {
        if (settings.Blobs is { } blobs)
        {
            AddAzure(services, blobs, settings.Layout, data, seams);
            return;
        }

        services.AddSingleton(ReadAddresses.None);
        services.AddSingleton(settings.Database?.ContentDirectory is { } shared ? new ContentStore(shared, seams, $"staging-{data.ServerId}") : new ContentStore(data.Path, seams));
    }

    private static void AddAzure(IServiceCollection services, BlobSettings settings, DeploymentLayout layout, DataDirectory data, ServerSeams seams)
    {
        // What is waited for here is the network's time, whatever the server takes for the time.
        StorageResilience resilience = new(TimeProvider.System);
        AzureContainer container = AzureContainer.Open(settings, layout, resilience, seams.StorageIdentity);
        try
        {
            container.Check();
        }
        catch (StoreUnavailableException)
        {
            // What is asked of it before it is back is answered so.
        }

        services.AddSingleton(_ => new CachedBlobs(new AzureBlobs(container.Client, resilience)));
        services.AddSingleton(s => new ContentStore(s.GetRequiredService<CachedBlobs>(), data.Path, seams));
        services.AddSingleton(s => new ReadAddresses(container.ReadAddress, settings.Reads == ReadWay.SignedAddress ? container.SignReadsAsync : null, settings.ReadTime, s.GetRequiredService<TimeProvider>()));
        services.AddHostedService<ReadAddressTicker>();
    }
}
