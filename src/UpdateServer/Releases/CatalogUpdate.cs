using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Releases;

/// <summary>Brings the catalog up to date with what another server published.</summary>
internal sealed class CatalogUpdate(IReleaseStore store, ReleaseCatalog catalog)
{
    /// <summary>Reads what is published, unless it is publication <paramref name="generation"/> that this server knows.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public void CatchUp(long? generation = null)
    {
        if (catalog.Current.Generation != generation)
        {
            catalog.Renew(store.Load());
        }
    }
}
