using System.Text.Json.Nodes;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;

namespace Fota.DeviceAgent.Tests;

/// <summary>The agent as a program embeds it: each call says how the device stands then, not how it stood before.</summary>
public sealed class AgentHostTests
{
    private readonly TestAuthority _serverAuthority = new("service CA"), _deviceAuthority = new("device CA");
    private InstalledPrograms _programs = null!;
    private FleetServer _server = null!;

    [OneTimeTearDown]
    public void DisposeAuthorities()
    {
        _serverAuthority.Dispose();
        _deviceAuthority.Dispose();
    }

    [SetUp]
    public async Task BeginTrialAsync()
    {
        _programs = new InstalledPrograms("https://127.0.0.1:1/", _serverAuthority.Pem);
        _programs.Settings["layout"] = "development";
        _programs.Settings["key"] = new JsonObject { ["unsafeFile"] = "key.pem" };
        _programs.Settings["health"] = new JsonObject { ["checks"] = new JsonArray(new JsonObject { ["kind"] = "command", ["program"] = "/bin/true", ["seconds"] = 60 }) };
        _programs.Save();
        _server = new FleetServer(await ProgramTests.EnrolAsync(_programs, _deviceAuthority));
        await ProgramTests.ManufactureAsync(_programs, _server);
        ProgramTests.SayBooted(_programs);
        BootRecordStore records = new(new FileDurableStore(_programs.PathOf("device")));
        records.Write(records.Read()!.With(SlotName.A, SlotBootState.Trial(SlotBootState.MaxPriority)));
    }

    [TearDown]
    public void Dispose()
    {
        _server.Dispose();
        _programs.Dispose();
    }

    [Test]
    public async Task Trial_that_was_undecided_is_judged_anew_by_each_call()
    {
        Scripted check = new(new HealthVerdict.Inconclusive("the dosing unit is not there"));
        using AgentHost host = Open(check);
        Assert.That(await host.ConfirmAsync(UndecidedTrial.GoesOn, CancellationToken.None), Is.InstanceOf<AgentOutcome.OnTrial>());
        check.Answer = Task.FromResult<HealthVerdict>(new HealthVerdict.Healthy());
        Assert.That(await host.ConfirmAsync(UndecidedTrial.GoesOn, CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
        Assert.That(await host.ConfirmAsync(UndecidedTrial.ConfirmOnMyWord, CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>(), "it was confirmed before");
    }

    [Test]
    public async Task Second_call_meanwhile_is_refused_and_the_first_goes_on()
    {
        TaskCompletionSource<HealthVerdict> answer = new();
        using AgentHost host = Open(new Scripted(answer.Task));
        Task<AgentOutcome> first = host.ConfirmAsync(UndecidedTrial.GoesOn, CancellationToken.None);
        await Assert.ThatAsync(() => host.RollbackAsync(CancellationToken.None), Throws.InvalidOperationException.With.Message.StartsWith("The agent does one thing at a time"));
        answer.SetResult(new HealthVerdict.Healthy());
        Assert.That(await first, Is.InstanceOf<AgentOutcome.Idle>());
    }

    [Test]
    public async Task Host_that_is_disposed_of_gives_the_lock_back_and_does_nothing_more()
    {
        AgentHost host = Open(new Scripted(new HealthVerdict.Healthy()));
        Assert.That(() => Open(new Scripted(new HealthVerdict.Healthy())), Throws.TypeOf<DeviceBusyException>());
        host.Dispose();
        await Assert.ThatAsync(() => host.RollbackAsync(CancellationToken.None), Throws.TypeOf<ObjectDisposedException>());
        using AgentHost next = Open(new Scripted(new HealthVerdict.Healthy()));
        Assert.That(await next.ConfirmAsync(UndecidedTrial.GoesOn, CancellationToken.None), Is.InstanceOf<AgentOutcome.Idle>());
    }

    private AgentHost Open(IHealthCheck check) => AgentHost.Open(_programs.AgentConfig, new AgentOptions { HealthChecks = [check] });

    private sealed class Scripted(Task<HealthVerdict> answer) : IHealthCheck
    {
        public Scripted(HealthVerdict answer)
            : this(Task.FromResult(answer))
        {
        }

        public Task<HealthVerdict> Answer { get; set; } = answer;

        public Task<HealthVerdict> CheckAsync(CancellationToken cancellation) => Answer;
    }
}
