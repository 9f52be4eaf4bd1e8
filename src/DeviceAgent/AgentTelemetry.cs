using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Fota.DeviceAgent;

/// <summary>What a program that embeds the agent can listen to: spans and counts, under the name <see cref="Name"/>. No value names the device.</summary>
public static class AgentTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "Fota.DeviceAgent";

    // Spans: check-in, install, resume; the tag fota.outcome says what each came to.
    private static readonly ActivitySource s_source = new(Name);

    private static readonly Meter s_meter = new(Name);

    private static readonly Counter<long> s_passes = s_meter.CreateCounter<long>("fota.agent.passes", "{pass}", "Check-ins, installations and resumptions, by kind and outcome.");

    private static readonly Counter<long> s_refusals = s_meter.CreateCounter<long>("fota.agent.refusals", "{refusal}", "Inputs that were refused, by reason.");

    internal static async Task<AgentOutcome> PassAsync(string kind, Func<Task<AgentOutcome>> pass)
    {
        using Activity? activity = s_source.StartActivity(kind);
        AgentOutcome outcome = await pass();
        string name = NameOf(outcome);
        activity?.SetTag("fota.outcome", name);
        s_passes.Add(1, new KeyValuePair<string, object?>("kind", kind), new KeyValuePair<string, object?>("outcome", name));
        if (outcome is AgentOutcome.Refused refused)
        {
            s_refusals.Add(1, new KeyValuePair<string, object?>("reason", refused.Rejection.Reason.ToString()));
        }

        return outcome;
    }

    /// <summary>What machines call an outcome.</summary>
    internal static string NameOf(AgentOutcome outcome) => outcome switch
    {
        AgentOutcome.Idle => "idle",
        AgentOutcome.Refused => "refused",
        AgentOutcome.Unavailable => "unavailable",
        AgentOutcome.Deferred => "deferred",
        AgentOutcome.OnTrial => "on_trial",
        AgentOutcome.RebootRequested => "reboot_requested",
        _ => throw new InvalidOperationException("the set of outcomes is closed"),
    };
}
