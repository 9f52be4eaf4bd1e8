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
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The storage is away, or answers what nobody foresaw; an exception of a background service would end the server.
                if (!said)
                {
                    Log.ReadAddressesNotRenewed(log, e);
                }

                said = true;
            }

            await Task.Delay(ReadAddresses.Look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
