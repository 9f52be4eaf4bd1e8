using Fota.DeviceAgent.Gates;
using Fota.Manifest;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>A gate that a test opens and closes, and that remembers what it was asked.</summary>
internal sealed class ScriptedGate(GateKind kind = GateKind.Command, bool neverOverridden = false) : IInstallGate
{
    public GateKind Kind => kind;

    public bool NeverOverridden => neverOverridden;

    /// <summary>Why it is closed before a step; null for open. It may throw.</summary>
    public Func<GateQuestion, string?> WhyClosed { get; set; } = static _ => null;

    /// <summary>Every question, in order.</summary>
    public IList<GateQuestion> Asked { get; } = [];

    public IEnumerable<GatePoint> Points => Asked.Select(static question => question.Point);

    /// <summary>Closes it before some steps.</summary>
    public ScriptedGate ClosedBefore(params GatePoint[] points)
    {
        WhyClosed = question => points.Contains(question.Point) ? "the test says so" : null;
        return this;
    }

    public ScriptedGate Opened()
    {
        WhyClosed = static _ => null;
        return this;
    }

    public Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation)
    {
        Asked.Add(question);
        return Task.FromResult<GateAnswer>(WhyClosed(question) is { } why ? new GateAnswer.Closed(why) : new GateAnswer.Open());
    }
}
