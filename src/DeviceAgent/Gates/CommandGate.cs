using System.Globalization;
using Fota.DeviceAgent.Programs;
using Fota.Manifest;

namespace Fota.DeviceAgent.Gates;

/// <summary>
/// Open when a program of the product's own ends with exit code 0. It is told what is about to happen by FOTA_POINT ("write", "activation", "reboot"),
/// FOTA_VERSION and FOTA_MANIFEST_DIGEST; the first line that it prints says why, if it is closed.
/// </summary>
/// <param name="command">The program.</param>
/// <param name="neverOverridden">Whether an emergency release leaves it closed.</param>
internal sealed class CommandGate(ProductCommand command, bool neverOverridden) : IInstallGate
{
    /// <inheritdoc/>
    public GateKind Kind => GateKind.Command;

    /// <inheritdoc/>
    public bool NeverOverridden => neverOverridden;

    /// <inheritdoc/>
    public async Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(question);
        CommandResult result = await command.RunAsync(
            [
                ("FOTA_POINT", question.Point.ToString().ToLowerInvariant()),
                ("FOTA_VERSION", question.Release.Version.ToString()),
                ("FOTA_MANIFEST_DIGEST", question.Release.ManifestDigest.ToString()),
            ],
            cancellation);
        return result switch
        {
            CommandResult.Exited { Code: 0 } => new GateAnswer.Open(),
            CommandResult.Exited { Said.Length: > 0 } exited => new GateAnswer.Closed(exited.Said),
            CommandResult.Exited exited => new GateAnswer.Closed(string.Create(CultureInfo.InvariantCulture, $"{command.Name} ended with exit code {exited.Code}")),
            CommandResult.Failed failed => new GateAnswer.Closed(failed.Why),
            _ => throw new InvalidOperationException("the set of results is closed"),
        };
    }
}
