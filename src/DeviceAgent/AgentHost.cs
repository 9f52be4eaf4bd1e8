using System.Security.Cryptography;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent;

/// <summary>
/// The agent of one device, put together after its configuration file: what a program embeds. One runs on a device at a time; a lock in the device's folder sees to that.
/// Whenever something returns <see cref="AgentOutcome.RebootRequested"/>, dispose of it and restart the system; until then every call returns the same. One call at a time: a second one meanwhile is
/// an <see cref="InvalidOperationException"/>. Every call may throw <see cref="DeviceStateException"/> where the device's own files are not what the agent wrote.
/// </summary>
public sealed class AgentHost : IDisposable
{
    private readonly AgentSettings _settings;
    private readonly HostParts _parts;
    private readonly EventLog _events;
    private readonly UpdateAgent _agent;
    private bool _isDisposed;
    private int _isBusy;

    private AgentHost(AgentSettings settings, HostParts parts, EventLog events)
    {
        _settings = settings;
        _parts = parts;
        _events = events;
        _agent = new UpdateAgent(parts.Agent);
    }

    /// <summary>Reads the configuration, takes the lock and opens key, certificate, slots and state. Nothing is changed yet.</summary>
    /// <param name="configuration">Path of agent.json (docs/spec/agent-configuration.md).</param>
    /// <param name="options">What the program adds; null for nothing.</param>
    /// <exception cref="SettingsException">The configuration is wrong, or names what cannot be used.</exception>
    /// <exception cref="DeviceStateException">Another agent runs on the device, or its state is missing or unreadable.</exception>
    public static AgentHost Open(string configuration, AgentOptions? options = null)
    {
        AgentSettings settings = AgentSettings.Load(configuration);
        options ??= new AgentOptions();
        EventLog events = new(options.OnEvent);
        HostParts parts = HostParts.Open(settings, options, events);
        try
        {
            return new AgentHost(settings, parts, events);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    /// <summary>What can be said of a device by looking at its files, whether or not its agent runs.</summary>
    /// <param name="configuration">Path of agent.json.</param>
    /// <param name="options">The options with which the device's agent is opened; null for none.</param>
    /// <exception cref="SettingsException">The configuration is wrong.</exception>
    /// <exception cref="DeviceStateException">The device's state is missing or unreadable.</exception>
    public static DeviceStatus ReadStatus(string configuration, AgentOptions? options = null) => HostParts.ReadStatus(AgentSettings.Load(configuration), options ?? new AgentOptions());

    /// <summary>Whether what was under way at the start was finished or given up: a failure before says more against the release that runs than one after.</summary>
    internal bool HasResumed => _agent.HasResumed;

    /// <summary>Keeps the device up to date until the system has to be restarted: checks in when it is time, installs what is assigned, renews the certificate.</summary>
    /// <returns><see cref="AgentOutcome.RebootRequested"/>, always.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; what was under way goes on after the next start.</exception>
    public Task<AgentOutcome> RunAsync(CancellationToken cancellation) => OneAtATimeAsync(async () =>
    {
        PollSchedule schedule = new(_settings.CheckInFloor, _settings.Network, Chance);
        AgentOutcome outcome = await _agent.SettleAsync(cancellation);
        while (outcome is not AgentOutcome.RebootRequested)
        {
            outcome = await CheckInAsync(cancellation);
            if (outcome is not AgentOutcome.RebootRequested)
            {
                TimeSpan delay = schedule.Next(outcome);
                _events.Sleeping(delay);
                await Task.Delay(delay, cancellation);
            }
        }

        return outcome;
    });

    /// <summary>Checks in once, and does what the answer asks for.</summary>
    public Task<AgentOutcome> CheckAsync(CancellationToken cancellation) => OneAtATimeAsync(async () =>
        await _agent.SettleAsync(cancellation) is AgentOutcome.RebootRequested reboot ? reboot : await CheckInAsync(cancellation));

    /// <summary>Installs a release that no server assigned, proven as always; while a trial is undecided nothing is installed.</summary>
    /// <param name="source">A copy of the repository, of which nothing is believed: a folder, or an http or https address.</param>
    /// <param name="release">The release's version, or the path of its envelope.</param>
    /// <param name="cancellation">Ends it; what was begun goes on with the next attempt.</param>
    /// <exception cref="SettingsException">The source is neither.</exception>
    public Task<AgentOutcome> InstallAsync(string source, string release, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(release);
        return OneAtATimeAsync(async () =>
        {
            using HttpClient http = RepositoryCopy.Open(source, out Uri repository);
            string target = release.Contains('/', StringComparison.Ordinal) ? release : $"{_settings.Identity.Product}/{release}/manifest.suit";
            AgentOutcome standing = await _agent.SettleAsync(cancellation);
            return standing is AgentOutcome.Idle ? await _agent.InstallAsync(http, repository, target, cancellation) : standing;
        });
    }

    /// <summary>Judges the release on trial now.</summary>
    /// <param name="undecided">What becomes of a trial that the health checks leave undecided.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns><see cref="AgentOutcome.Idle"/> when what runs is confirmed, now or before; <see cref="AgentOutcome.Refused"/> when a check speaks against it and there is nothing to go back to.</returns>
    public Task<AgentOutcome> ConfirmAsync(UndecidedTrial undecided, CancellationToken cancellation) => OneAtATimeAsync(async () =>
    {
        AgentOutcome standing = await _agent.SettleAsync(cancellation);
        return standing switch
        {
            AgentOutcome.OnTrial when undecided == UndecidedTrial.ConfirmOnMyWord => await _agent.ConfirmUndecidedAsync(cancellation),
            AgentOutcome.Idle when !_agent.RunsConfirmed => new AgentOutcome.Refused(
                new Rejection(RejectionReason.HealthCheckFailed, "wanted a healthy release, got one that a check speaks against, and nothing to go back to"), NextCheckIn: null),
            _ => standing,
        };
    });

    /// <summary>
    /// Goes back to the release in the other slot, from a trial, which is not judged before, or after its confirmation, if that one was confirmed and is not below the floor. What is left counts as
    /// failed on this device: it is not installed again.
    /// </summary>
    public Task<AgentOutcome> RollbackAsync(CancellationToken cancellation) => OneAtATimeAsync(() => _agent.RollbackAsync(cancellation));

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _parts.Dispose();
    }

    private async Task<AgentOutcome> CheckInAsync(CancellationToken cancellation)
    {
        AgentOutcome outcome = await _agent.CheckInAsync(cancellation);
        if (outcome is not AgentOutcome.RebootRequested)
        {
            await _parts.Renewal.RunAsync(cancellation);
        }

        return outcome;
    }

    private async Task<AgentOutcome> OneAtATimeAsync(Func<Task<AgentOutcome>> operation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            throw new InvalidOperationException("The agent does one thing at a time, and is doing another.");
        }

        try
        {
            return await operation();
        }
        finally
        {
            Interlocked.Exchange(ref _isBusy, 0);
        }
    }

    private static double Chance() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;
}

/// <summary>What becomes of a trial that the health checks leave undecided.</summary>
public enum UndecidedTrial
{
    /// <summary>It goes on.</summary>
    GoesOn = 1,

    /// <summary>It is confirmed on the word of the operator, and the report says so. A check that speaks against the release is not overruled.</summary>
    ConfirmOnMyWord = 2,
}
