using Fota.DeviceAgent;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Health;
using Fota.Manifest;

AgentOptions options = new()
{
    Gates = [new PatientGate(args[1])],
    HealthChecks = [new PumpCheck(args[1])],
    OnEvent = what => Console.WriteLine(what is AgentEvent.Transfer transfer ? $"{transfer.Release}: {100 * transfer.Done / transfer.Total} %" : $"{what}"),
};
using AgentHost agent = AgentHost.Open(configuration: args[0], options);
AgentOutcome outcome = await agent.CheckAsync(CancellationToken.None); // or RunAsync: until the system has to be restarted
Console.WriteLine(outcome);
return outcome switch { AgentOutcome.RebootRequested => 10, AgentOutcome.Idle => 0, _ => 11 };

internal sealed class PatientGate(string folder) : IInstallGate
{
    public GateKind Kind => GateKind.ClinicalUse;
    public bool NeverOverridden => true;
    public Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation) =>
        Task.FromResult<GateAnswer>(File.Exists($"{folder}/idle") ? new GateAnswer.Open() : new GateAnswer.Closed("a patient may be connected"));
}
internal sealed class PumpCheck(string folder) : IHealthCheck
{
    public Task<HealthVerdict> CheckAsync(CancellationToken cancellation) =>
        Task.FromResult<HealthVerdict>(File.Exists($"{folder}/turns") ? new HealthVerdict.Healthy() : new HealthVerdict.Unhealthy("the pump does not turn"));
}
