using System.Security.Cryptography;
using System.Text;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;
using Fota.Manifest;

namespace Fota.DeviceAgent.Daemon;

/// <summary>What the commands of fota-agent do; each returns the exit code.</summary>
internal static class Commands
{
    private const int Success = 0, Failure = 1, Reboot = 10, Waits = 11;

    private static readonly TimeSpan s_firstRetry = TimeSpan.FromMilliseconds(250);

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
            using ServiceManager manager = ServiceManager.Connect(Environment.GetEnvironmentVariable);
            using SignsOfLife life = new(manager, TimeProvider.System);
            using AgentHost host = AgentHost.Start(settings, s_firstRetry, life.Step);
            manager.Ready();
            AgentOutcome outcome = await host.Agent.ResumeAsync(cancellation);
            PollSchedule schedule = new(settings.CheckInFloor, settings.Network, Chance);
            while (outcome is not AgentOutcome.RebootRequested)
            {
                outcome = await host.Agent.CheckInAsync(cancellation);
                if (outcome is not AgentOutcome.RebootRequested)
                {
                    await host.Renewal.RunAsync(cancellation);
                    await life.WaitAsync(schedule.Next(outcome), cancellation);
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
        using AgentHost host = AgentHost.Start(settings, s_firstRetry, static () => { });
        AgentOutcome outcome = await host.Agent.ResumeAsync(cancellation);
        if (outcome is not AgentOutcome.RebootRequested)
        {
            outcome = await host.Agent.CheckInAsync(cancellation);
        }

        if (outcome is not AgentOutcome.RebootRequested)
        {
            await host.Renewal.RunAsync(cancellation);
        }

        return ExitCode(outcome);
    }

    public static async Task<int> InstallAsync(AgentSettings settings, string source, string release, CancellationToken cancellation)
    {
        await Task.Yield();
        using HttpClient http = RepositoryCopy.Open(source, out Uri repository);
        string target = release.Contains('/', StringComparison.Ordinal) ? release : $"{settings.Identity.Product}/{release}/manifest.suit";
        using AgentHost host = AgentHost.Start(settings, s_firstRetry, static () => { });
        AgentOutcome outcome = await host.Agent.ResumeAsync(cancellation);
        if (outcome is AgentOutcome.Idle)
        {
            outcome = await host.Agent.InstallAsync(http, repository, target, cancellation);
        }

        return ExitCode(outcome);
    }

    public static int Status(AgentSettings settings, bool json)
    {
        FileDurableStore store = new(settings.Directory);
        DeviceStatus status = DeviceStatus.Read(store);
        CertificateStatus? certificate = CertificateStatus.Read(settings.Certificate, store);
        Console.WriteLine(json ? StatusText.Json(settings.Identity, status, certificate) : StatusText.ForPeople(settings.Identity, status, certificate));
        return Success;
    }

    /// <summary>Takes the operator's consent to the release with this manifest, or, without one, takes it back.</summary>
    public static int Consent(AgentSettings settings, Sha256Digest? manifest)
    {
        DeviceFolder.DemandOwn(settings.Directory);
        FileDurableStore store = new(settings.Directory);
        if (manifest is null)
        {
            OperatorConsent.Withdraw(store);
            Console.WriteLine("consent withdrawn");
            return Success;
        }

        OperatorConsent.Give(store, manifest);
        Console.WriteLine($"consent given: manifest {manifest}");
        return Success;
    }

    private static int ExitCode(AgentOutcome outcome) => outcome switch
    {
        AgentOutcome.RebootRequested => Reboot,
        AgentOutcome.Idle => Success,
        AgentOutcome.Deferred or AgentOutcome.OnTrial => Waits,
        _ => Failure, // said already, by name
    };

    private static double Chance() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;
}
