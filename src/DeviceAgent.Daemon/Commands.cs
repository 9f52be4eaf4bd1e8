using System.Text;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Diagnosing;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.Storage;
using Fota.Interop.Posix;
using Fota.Manifest;

namespace Fota.DeviceAgent.Daemon;

/// <summary>What the commands of fota-agent do; each returns the exit code.</summary>
internal static class Commands
{
    private const int Success = 0, Failure = 1, Reboot = 10, Waits = 11;

    public static int Enrol(string config, string output)
    {
        AgentSettings settings = AgentSettings.Load(config);
        using IDeviceKey key = DeviceKeys.Enrol(settings.Key);
        DurableFile.Replace(Path.GetFullPath(output), Encoding.ASCII.GetBytes(CertificateRequests.Create(settings.Identity, key)));
        Console.WriteLine($"enrolled: {settings.Identity.Device}, key {key.PublicKey.Id}");
        return Success;
    }

    public static async Task<int> RunAsync(string config, IAgentVoice voice, CancellationToken cancellation)
    {
        // The command line listens for SIGTERM only once this method has returned to it.
        await Task.Yield();
        bool hasResumed = false;
        try
        {
            using ServiceManager manager = ServiceManager.Connect(Environment.GetEnvironmentVariable);
            using SignsOfLife life = new(manager, TimeProvider.System);
            using AgentHost host = AgentHost.Open(config, new AgentOptions { OnEvent = life.Watching(voice.Tell) });
            manager.Ready();
            try
            {
                return End(await host.RunAsync(cancellation), voice);
            }
            finally
            {
                hasResumed = host.HasResumed;
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            voice.End("stopped", Success, null);
            return Success;
        }
        catch (Exception e) when (e is not DeviceBusyException && !hasResumed && TrialStart.HasFailed(config))
        {
            voice.Tell(new AgentEvent.Refused(new Rejection(RejectionReason.TrialBootFailed, $"the agent stopped on trial: {e.Message}")));
            return End(new AgentOutcome.RebootRequested(), voice);
        }
        catch (Exception e)
        {
            voice.End("failed", Failure, e.Message);
            throw;
        }
    }

    /// <summary>Runs one operation of the agent, and says what it came to.</summary>
    public static async Task<int> OnceAsync(string config, IAgentVoice voice, Func<AgentHost, Task<AgentOutcome>> operation)
    {
        await Task.Yield();
        try
        {
            using AgentHost host = AgentHost.Open(config, new AgentOptions { OnEvent = voice.Tell });
            return End(await operation(host), voice);
        }
        catch (Exception e)
        {
            voice.End("failed", Failure, e.Message);
            throw;
        }
    }

    public static int Status(string config, bool json)
    {
        DeviceStatus status = AgentHost.ReadStatus(config);
        Console.WriteLine(json ? StatusText.Json(status) : StatusText.ForPeople(status));
        return Success;
    }

    public static async Task<int> DiagnoseAsync(string config, bool json, CancellationToken cancellation)
    {
        await Task.Yield();
        IReadOnlyList<Finding> findings = await Diagnosis.OfAsync(config, cancellation);
        Console.WriteLine(json ? DiagnosisText.Json(findings) : DiagnosisText.ForPeople(findings));
        return findings.Any(static finding => finding.State == FindingState.Wrong) ? Failure : Success;
    }

    /// <summary>Takes the operator's consent to the release with this manifest, or, without one, takes it back.</summary>
    public static int Consent(string config, Sha256Digest? manifest)
    {
        AgentSettings settings = AgentSettings.Load(config);
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

    private static int End(AgentOutcome outcome, IAgentVoice voice)
    {
        int code = outcome switch
        {
            AgentOutcome.RebootRequested => Reboot,
            AgentOutcome.Idle => Success,
            AgentOutcome.Deferred or AgentOutcome.OnTrial => Waits,
            _ => Failure, // said already, by name
        };
        voice.End(outcome, code);
        return code;
    }
}
