using System.Text;
using System.Text.Json;
using Fota.Manifest;

namespace Fota.DeviceAgent.Daemon;

/// <summary>One JSON object a line on the standard output, the last of which says what it came to (docs/spec/agent-program.md).</summary>
internal sealed class LinesForMachines : IAgentVoice
{
    public void Tell(AgentEvent what) => Say(json =>
    {
        switch (what)
        {
            case AgentEvent.Progress progress:
                json.WriteString("event", "progress");
                json.WriteString("detail", progress.Text);
                break;
            case AgentEvent.Transfer transfer:
                json.WriteString("event", "transfer");
                json.WriteString("release", transfer.Release.ToString());
                json.WriteNumber("done", transfer.Done);
                json.WriteNumber("total", transfer.Total);
                break;
            case AgentEvent.Refused refused:
                json.WriteString("event", "refused");
                Write(json, refused.Rejection);
                break;
            case AgentEvent.Waiting waiting:
                json.WriteString("event", "waiting");
                json.WriteString("detail", waiting.Text);
                break;
            case AgentEvent.Sleeping sleeping:
                json.WriteString("event", "sleeping");
                json.WriteNumber("seconds", Math.Round(sleeping.For.TotalSeconds, 3));
                break;
            default:
                throw new InvalidOperationException("the set of events is closed");
        }
    });

    public void End(AgentOutcome outcome, int exitCode) => Say(json =>
    {
        json.WriteString("event", "outcome");
        json.WriteString("outcome", AgentTelemetry.NameOf(outcome));
        json.WriteNumber("exit_code", exitCode);
        switch (outcome)
        {
            case AgentOutcome.Refused refused:
                Write(json, refused.Rejection);
                break;
            case AgentOutcome.Deferred deferred:
                Write(json, deferred.Why);
                break;
            case AgentOutcome.OnTrial onTrial:
                Write(json, onTrial.Why);
                break;
            case AgentOutcome.Unavailable unavailable:
                json.WriteString("detail", unavailable.Message);
                break;
            default:
                break;
        }
    });

    public void End(string outcome, int exitCode, string? detail) => Say(json =>
    {
        json.WriteString("event", "outcome");
        json.WriteString("outcome", outcome);
        json.WriteNumber("exit_code", exitCode);
        if (detail is not null)
        {
            json.WriteString("detail", detail);
        }
    });

    private static void Write(Utf8JsonWriter json, Rejection why)
    {
        json.WriteString("reason", why.Reason.ToString());
        json.WriteString("detail", why.Detail);
    }

    private static void Say(Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
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
