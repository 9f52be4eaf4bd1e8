using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Releases;

/// <summary>Does what follows from a publication that another server took.</summary>
internal sealed class PublicationWatch(CatalogUpdate update, RolloutCoordinator coordinator, PublishedImages images) : ISharedMemory
{
    /// <inheritdoc/>
    public string Topic => Topics.Publication;

    /// <inheritdoc/>
    public void CatchUp()
    {
        update.CatchUp();
        images.Refresh();

        // The server that published does this as well, unless it died over it.
        coordinator.WithdrawUnlisted();
    }
}
