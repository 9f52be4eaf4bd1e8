using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Artifacts;

/// <summary>Keeps <see cref="ReadAddresses"/> good. While that is not possible devices ask the server, sooner or later.</summary>
internal sealed class ReadAddressTicker(ReadAddresses addresses, TimeProvider time, ILogger<ReadAddressTicker> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool said = false;
        while (addresses.AreSigned && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await addresses.RenewAsync(stoppingToken);
                said = false;
            }
            catch (StoreUnavailableException e)
            {
                if (!said)
                {
                    Log.ReadAddressesNotRenewed(log, e);
                }

                said = true;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(ReadAddresses.Look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
