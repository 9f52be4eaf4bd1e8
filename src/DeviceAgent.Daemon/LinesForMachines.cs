using System.Text;
using System.Text.Json;
using Fota.Manifest;

namespace Fota.DeviceAgent.Daemon;

/// <summary>One JSON object a line on the standard output, the last of which says what it came to (docs/spec/agent-program.md).</summary>
internal sealed class LinesForMachines : IAgentVoice
{
    public void Tell(AgentEvent what)
    {
        switch (what)
        {
            case AgentEvent.Progress progress:
                Say("progress", json => json.WriteString("detail", progress.Text));
                break;
            case AgentEvent.Transfer transfer:
                Say("transfer", json =>
                {
                    json.WriteString("release", transfer.Release.ToString());
                    json.WriteNumber("done", transfer.Done);
                    json.WriteNumber("total", transfer.Total);
                });
                break;
            case AgentEvent.Refused refused:
                Say("refused", json => Write(json, refused.Rejection));
                break;
            case AgentEvent.Waiting waiting:
                Say("waiting", json => json.WriteString("detail", waiting.Text));
                break;
            case AgentEvent.Sleeping sleeping:
                Say("sleeping", json => json.WriteNumber("seconds", Math.Round(sleeping.For.TotalSeconds, 3)));
                break;
            default:
                throw new InvalidOperationException("the set of events is closed");
        }
    }

    public void End(AgentOutcome outcome, int exitCode) => End(AgentTelemetry.NameOf(outcome), exitCode, json =>
    {
        if (outcome is AgentOutcome.Unavailable unavailable)
        {
            json.WriteString("detail", unavailable.Message);
        }
        else if (WhyOf(outcome) is { } why)
        {
            Write(json, why);
        }
    });

    public void End(string outcome, int exitCode, string? detail) => End(outcome, exitCode, json =>
    {
        if (detail is not null)
        {
            json.WriteString("detail", detail);
        }
    });

    private static void End(string outcome, int exitCode, Action<Utf8JsonWriter> write) => Say("outcome", json =>
    {
        json.WriteString("outcome", outcome);
        json.WriteNumber("exit_code", exitCode);
        write(json);
    });

    private static Rejection? WhyOf(AgentOutcome outcome) => outcome switch
    {
        AgentOutcome.Refused refused => refused.Rejection,
        AgentOutcome.Deferred deferred => deferred.Why,
        AgentOutcome.OnTrial onTrial => onTrial.Why,
        _ => null,
    };

    private static void Write(Utf8JsonWriter json, Rejection why)
    {
        json.WriteString("reason", why.Reason.ToString());
        json.WriteString("detail", why.Detail);
    }

    private static void Say(string name, Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("event", name);
            write(json);
            json.WriteEndObject();
        }

        try
        {
            Console.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
        }
        catch (IOException)
        {
            // The disk of a log is full, or the pipe is closed.
        }
    }
}
