using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests;

/// <summary>Stops the PostgreSQL of all fixtures after the last of them.</summary>
[SetUpFixture]
public sealed class PostgresForAll
{
    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        if (PostgresServer.IsSharedStarted)
        {
            await (await PostgresServer.SharedAsync).DisposeAsync();
        }
    }
}
