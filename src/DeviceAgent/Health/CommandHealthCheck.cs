using System.Globalization;
using Fota.DeviceAgent.Programs;

namespace Fota.DeviceAgent.Health;

/// <summary>
/// A program of the product's own: exit code 0 is healthy, 75 (EX_TEMPFAIL of sysexits.h) inconclusive, any other unhealthy, as is that it does not start or
/// does not end. The first line that it prints says why.
/// </summary>
/// <param name="command">The program.</param>
internal sealed class CommandHealthCheck(ProductCommand command) : IHealthCheck
{
    private const int TemporaryFailure = 75;

    /// <inheritdoc/>
    public async Task<HealthVerdict> CheckAsync(CancellationToken cancellation) => await command.RunAsync([], cancellation) switch
    {
        CommandResult.Exited { Code: 0 } => new HealthVerdict.Healthy(),
        CommandResult.Exited { Code: TemporaryFailure } exited => new HealthVerdict.Inconclusive(Why(exited)),
        CommandResult.Exited exited => new HealthVerdict.Unhealthy(Why(exited)),
        CommandResult.Failed failed => new HealthVerdict.Unhealthy(failed.Why),
        _ => throw new InvalidOperationException("the set of results is closed"),
    };

    private string Why(CommandResult.Exited exited) =>
        exited.Said.Length > 0 ? exited.Said : string.Create(CultureInfo.InvariantCulture, $"{command.Name} ended with exit code {exited.Code}");
}
