using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Diagnosing;

/// <summary>
/// A look at every part that an update needs, for the person who stands before the device. It writes nothing, and takes no lock: the agent may run meanwhile. A part that cannot
/// be looked at is wrong, and keeps no other from being looked at.
/// </summary>
internal static class Diagnosis
{
    /// <summary>Looks at the device that the configuration file describes.</summary>
    public static async Task<IReadOnlyList<Finding>> OfAsync(string configuration, CancellationToken cancellation)
    {
        AgentSettings settings;
        try
        {
            settings = AgentSettings.Load(configuration);
        }
        catch (SettingsException e)
        {
            return [new Finding("configuration", FindingState.Wrong, e.Message)];
        }

        FileDurableStore store = new(settings.Directory);

        // Once, whatever comes of it: a token counts wrong PINs.
        Lazy<IDeviceKey> keys = new(() => DeviceKeys.Open(settings.Key), LazyThreadSafetyMode.ExecutionAndPublication);
        try
        {
            return await LookAsync(settings, new DeviceLook(settings, store, keys), new SlotLook(settings, store), new ServerLook(settings, store, keys), cancellation);
        }
        finally
        {
            if (keys.IsValueCreated)
            {
                keys.Value.Dispose();
            }
        }
    }

    private static async Task<IReadOnlyList<Finding>> LookAsync(AgentSettings settings, DeviceLook device, SlotLook slots, ServerLook server, CancellationToken cancellation) =>
        [
            new Finding("configuration", FindingState.Good, $"{settings.Identity.Device}, {settings.Identity.Product}"),
            await LookAsync("folder", () => Task.FromResult(device.Folder())),
            await LookAsync("agent", () => Task.FromResult(device.Agent())),
            await LookAsync("state", () => Task.FromResult(device.State())),
            await LookAsync("boot record", () => Task.FromResult(slots.Record())),
            await LookAsync("slot A", () => slots.SlotAsync(Boot.SlotName.A, cancellation)),
            await LookAsync("slot B", () => slots.SlotAsync(Boot.SlotName.B, cancellation)),
            await LookAsync("floor", () => Task.FromResult(device.Floor())),
            await LookAsync("clock", () => Task.FromResult(device.Clock())),
            await LookAsync("key", () => Task.FromResult(device.Key())),
            await LookAsync("certificate", () => Task.FromResult(device.Certificate())),
            await LookAsync("server", () => server.ReachAsync(cancellation)),
        ];

    private static async Task<Finding> LookAsync(string part, Func<Task<(FindingState State, string Detail)>> look)
    {
        try
        {
            (FindingState state, string detail) = await look();
            return new Finding(part, state, detail);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever it is: that it cannot be looked at is what was found.
            return new Finding(part, FindingState.Wrong, e.Message.ReplaceLineEndings(" "));
        }
    }
}
