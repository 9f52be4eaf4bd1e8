using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Daemon;

/// <summary>What is known of a boot whose agent fails.</summary>
internal static class TrialStart
{
    /// <summary>Whether what runs is on trial, and another slot is there to go back to. Where that cannot be told, it is not.</summary>
    public static bool HasSomewhereToGoBackTo(string config)
    {
        try
        {
            AgentSettings settings = AgentSettings.Load(config);
            FileDurableStore store = new(settings.Directory);
            SlotName running = settings.Boot.Running(store);
            return settings.Boot.Records(store).Read() is { } record && !record[running].Successful && record.BootOrder.Contains(running.Other());
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }
    }
}
