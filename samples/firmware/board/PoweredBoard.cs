using System.Diagnostics;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;

namespace Fota.Samples.Board;

/// <summary>A board under power: boots, runs the image, and with it the agent, until the agent asks for a reboot; then again.</summary>
internal sealed class PoweredBoard
{
    private const int NoValidSlot = 1, RebootRequested = 10;

    // The watchdog's pause, so that an agent that cannot start does not turn the board into a loop.
    private static readonly TimeSpan s_watchdog = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly BoardSettings _settings;
    private readonly string _agentProgram;

    public PoweredBoard(BoardSettings settings, string agentProgram)
    {
        _settings = settings;
        _agentProgram = agentProgram;
    }

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        // The command line listens for SIGTERM only once this method has returned to it.
        await Task.Yield();
        AgentSettings agent = _settings.Agent;
        FileDurableStore store = new(agent.Directory);
        FileSlotReader slots = new(agent.Directory, store, agent.Identity.Traits.SlotCapacity);
        Bootloader bootloader = new(store, slots, new FileRollbackCounter(store), _settings.Anchors, agent.Identity.Traits, static line => Console.WriteLine($"board: {line}"));
        PumpFirmware firmware = new(slots, store);
        while (!cancellation.IsCancellationRequested)
        {
            FileHealthCheck.Forget(store);
            if (bootloader.Boot() is not { } booted)
            {
                return NoValidSlot;
            }

            firmware.Run(booted.Running);
            int exitCode = await RunAgentAsync(cancellation);
            if (exitCode != RebootRequested && !cancellation.IsCancellationRequested)
            {
                Console.WriteLine($"board: the agent ended with exit code {exitCode}: the watchdog restarts the board");
                await Task.Delay(s_watchdog, TimeProvider.System, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return 0;
    }

    private async Task<int> RunAgentAsync(CancellationToken cancellation)
    {
        ProcessStartInfo start = new(_agentProgram) { ArgumentList = { "run", "--config", _settings.AgentConfig } };
        using Process agent = Process.Start(start) ?? throw new IOException($"{_agentProgram}: did not start");
        await agent.WaitForExitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!agent.HasExited)
        {
            ProcessSignal.Terminate(agent.Id);
            using CancellationTokenSource patience = new(s_patience, TimeProvider.System);
            await agent.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!agent.HasExited)
            {
                agent.Kill();
                await agent.WaitForExitAsync(CancellationToken.None);
            }
        }

        return agent.ExitCode;
    }
}
