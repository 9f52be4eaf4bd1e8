using System.Globalization;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>
/// Runs a scenario again and again, each time with the power cut one step of the agent later, until it needs no more of them. A step is a file replaced or a chunk written;
/// single operations of the medium are cut by <see cref="PowerCuts.CutRun"/>.
/// </summary>
internal static class StepByStep
{
    /// <returns>How many steps there were.</returns>
    public static async Task<int> CutEverywhereAsync(PowerCut flavour, SampleRelease factory, Func<SimulatedDevice, Task> scenario)
    {
        for (int step = 0; ; step++)
        {
            using SimulatedDevice device = new(factory);
            device.Power.CutAt = device.Power.Operations + step;
            device.Power.Flavour = flavour;
            try
            {
                await scenario(device);
            }
            catch (AssertionException e)
            {
                throw new AssertionException($"cut {flavour} step {step.ToString(CultureInfo.InvariantCulture)}: {e.Message}\n{string.Join('\n', device.Log.All)}", e);
            }

            if (!device.Power.HasCut)
            {
                return step;
            }
        }
    }
}
