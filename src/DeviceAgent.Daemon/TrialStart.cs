using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Daemon;

/// <summary>
/// An agent that fails before it has begun, on a release on trial. Restarted as a service it would fail for ever; so the third failure in a row of one boot ends the boot, and takes one of the trial's tries.
/// What passes by itself, such as a token that is slow after power-on, has two restarts to pass.
/// </summary>
internal static class TrialStart
{
    private const string FileName = "run/failed-starts"; // gone with the boot
    private const int MostFailures = 3;

    /// <summary>Notes a failure, and says whether the device has to be restarted for it: not where that cannot be told, and where nothing is there to go back to.</summary>
    public static bool HasFailed(string config)
    {
        try
        {
            // Not as the agent reads it: what a new agent finds wrong with the settings may be what is wrong with it.
            (string directory, BootSettings boot) = SettingsFile.Load(config, static file => (file.FilePath("directory"), BootSettings.Read(file)));
            FileDurableStore store = new(directory);
            SlotName running = boot.Running(store);
            if (boot.Records(store).Read() is not { } record || record[running].Successful || !record.BootOrder.Contains(running.Other()))
            {
                return false;
            }

            int failures = (store.Read(FileName)?.Length ?? 0) + 1;
            store.Replace(FileName, new byte[failures]);
            return failures >= MostFailures;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }
    }
}
