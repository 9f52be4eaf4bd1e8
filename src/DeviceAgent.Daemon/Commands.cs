using Fota.Interop.Posix;
using System.Text;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Daemon;

/// <summary>What the commands of fota-agent do; each returns the exit code.</summary>
internal static class Commands
{
    private const int Success = 0, Failure = 1, Reboot = 10;

    private static readonly TimeSpan s_firstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(5);

    public static int Enrol(AgentSettings settings, string output)
    {
        using IDeviceKey key = DeviceKeys.Enrol(settings.Key);
        DurableFile.Replace(Path.GetFullPath(output), Encoding.ASCII.GetBytes(CertificateRequests.Create(settings.Identity, key)));
        Console.WriteLine($"enrolled: {settings.Identity.Device}, key {key.PublicKey.Id}");
        return Success;
    }

    public static async Task<int> RunAsync(AgentSettings settings, CancellationToken cancellation)
    {
        // The command line listens for SIGTERM only once this method has returned to it.
        await Task.Yield();
        try
        {
            using AgentHost host = AgentHost.Start(settings, s_firstRetry);
            AgentOutcome outcome = await host.Agent.ResumeAsync(cancellation);
            TimeSpan wait = settings.CheckInFloor;
            while (outcome is not AgentOutcome.RebootRequested)
            {
                outcome = await host.Agent.CheckInAsync(cancellation);
                wait = NextWait(outcome, wait, settings.CheckInFloor);
                if (outcome is not AgentOutcome.RebootRequested)
                {
                    await host.Renewal.RunAsync(cancellation);
                    await Task.Delay(wait, TimeProvider.System, cancellation);
                }
            }

            Console.WriteLine("rebooting");
            return Reboot;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Success;
        }
    }

    public static async Task<int> CheckAsync(AgentSettings settings, CancellationToken cancellation)
    {
        await Task.Yield();
        using AgentHost host = AgentHost.Start(settings, s_firstRetry);
        AgentOutcome outcome = await host.Agent.ResumeAsync(cancellation);
        if (outcome is not AgentOutcome.RebootRequested)
        {
            outcome = await host.Agent.CheckInAsync(cancellation);
        }

        if (outcome is not AgentOutcome.RebootRequested)
        {
            await host.Renewal.RunAsync(cancellation);
        }

        return outcome switch
        {
            AgentOutcome.RebootRequested => Reboot,
            AgentOutcome.Idle => Success,
            _ => Failure, // said already, by name
        };
    }

    public static int Status(AgentSettings settings, bool json)
    {
        FileDurableStore store = new(settings.Directory);
        DeviceStatus status = DeviceStatus.Read(store);
        CertificateStatus? certificate = CertificateStatus.Read(settings.Certificate, store);
        Console.WriteLine(json ? StatusText.Json(settings.Identity, status, certificate) : StatusText.ForPeople(settings.Identity, status, certificate));
        return Success;
    }

    // The server says when to come again, the device says how often at most; without a server the waits grow.
    private static TimeSpan NextWait(AgentOutcome outcome, TimeSpan before, TimeSpan floor)
    {
        TimeSpan wanted = outcome switch
        {
            AgentOutcome.Idle idle => idle.NextCheckIn,
            AgentOutcome.Refused { NextCheckIn: { } next } => next,
            _ => before * 2 < s_longestWait ? before * 2 : s_longestWait,
        };
        return wanted > floor ? wanted : floor;
    }
}
