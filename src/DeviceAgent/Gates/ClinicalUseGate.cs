using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.Gates;

/// <summary>
/// Open while the device's application says, again and again, that nobody relies on the device: "idle" in a file that is not older than a limit. A
/// missing, stale, unreadable or other file means that it is in use, as it does when the application has died.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="maxAge">How old it may be.</param>
/// <param name="time">The clock by which the application writes too.</param>
/// <param name="neverOverridden">Whether an emergency release leaves it closed.</param>
internal sealed class ClinicalUseGate(string file, TimeSpan maxAge, TimeProvider time, bool neverOverridden) : IInstallGate
{
    private const string Idle = "idle";

    // The clock that stamps files may lag a tick; a file from the future says nothing of now.
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public GateKind Kind => GateKind.ClinicalUse;

    /// <inheritdoc/>
    public bool NeverOverridden => neverOverridden;

    /// <inheritdoc/>
    public Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation) =>
        Task.FromResult<GateAnswer>(WhyInUse() is { } why ? new GateAnswer.Closed(why) : new GateAnswer.Open());

    private string? WhyInUse()
    {
        if (!File.Exists(file))
        {
            return "nothing says that the device is idle";
        }

        TimeSpan age = time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(file);
        if (age > maxAge || age < -s_skew)
        {
            return "what says whether the device is in use is stale";
        }

        return SmallFile.Read(file) is Idle ? null : "the device is in use";
    }
}
