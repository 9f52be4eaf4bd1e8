using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests;

/// <summary>Stops the azurite of all fixtures after the last of them.</summary>
[SetUpFixture]
public sealed class AzuriteForAll
{
    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        if (AzuriteServer.IsSharedStarted)
        {
            await (await AzuriteServer.SharedAsync).DisposeAsync();
        }
    }
}
