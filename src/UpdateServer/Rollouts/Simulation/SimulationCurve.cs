namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>How far a simulated rollout was, from time to time.</summary>
/// <param name="simulation">It.</param>
/// <param name="seed">Its seed.</param>
/// <param name="devices">How many devices it has.</param>
internal sealed class SimulationCurve(RolloutSimulation simulation, ulong seed, int devices)
{
    private const int MostPoints = 40;

    private readonly DateTimeOffset _start = simulation.Now;
    private readonly List<CurvePoint> _points = [];

    /// <summary>Notes the moment, if it differs from the last one that was noted.</summary>
    public void Note()
    {
        RolloutState state = simulation.State;
        CurvePoint point = CurvePoint.Of(simulation.Now - _start, state);
        if (_points.Count == 0 || _points[^1] with { Minutes = point.Minutes } != point)
        {
            _points.Add(point);
        }
    }

    /// <summary>Everything, for programs.</summary>
    public SimulationOutcome ToOutcome() => new(
        seed,
        devices,
        simulation.State.Status.ToString().ToLowerInvariant(),
        simulation.State.Reason,
        (simulation.Now - _start).TotalMinutes,
        simulation.Events,
        _points,
        [.. simulation.Decisions.Select(d => new OutcomeDecision((d.At - _start).TotalMinutes, d.Kind.ToString(), d.Why))]);

    /// <summary>A table for people: at most 40 moments, in even distances, and the last one; then what was decided.</summary>
    public void Print(TextWriter output)
    {
        output.WriteLine($"{devices} devices, seed {seed}: {simulation.State.Status.ToString().ToLowerInvariant()} after {Time((simulation.Now - _start).TotalMinutes)}{(simulation.State.Reason is { } why ? $": {why}" : "")}");
        output.WriteLine($"{"time",9}  {"stage",-16}  {"members",8}  {"at it",8}  {"done",8}  {"failed",8}  {"silent",8}");
        double every = _points[^1].Minutes / MostPoints, next = 0;
        foreach (CurvePoint p in _points)
        {
            if (p.Minutes >= next || ReferenceEquals(p, _points[^1]))
            {
                output.WriteLine($"{Time(p.Minutes),9}  {p.Stage,-16}  {p.Members,8}  {p.InFlight,8}  {p.Succeeded,8}  {p.Failed,8}  {p.Silent,8}");
                next = p.Minutes + every;
            }
        }

        foreach (RolloutDecision decision in simulation.Decisions)
        {
            output.WriteLine($"{Time((decision.At - _start).TotalMinutes),9}  {decision.Why}");
        }
    }

    private static string Time(double minutes) => $"{(int)(minutes / 60)}:{(int)minutes % 60:d2}";
}

/// <summary>One moment of a simulated rollout.</summary>
internal sealed record CurvePoint(double Minutes, string Stage, int Members, int InFlight, int Succeeded, int Failed, int Silent)
{
    public static CurvePoint Of(TimeSpan since, RolloutState state)
    {
        Tally all = state.All.Both;
        return new(since.TotalMinutes, state.Stage < 0 ? "" : state.Plan.Stages[state.Stage].Name, all.Members, all.InFlight, all.Succeeded, all.Failed, all.Silent);
    }
}

/// <summary>A decision of a simulated rollout.</summary>
internal sealed record OutcomeDecision(double Minutes, string Decision, string Why);

/// <summary>What a simulation came to.</summary>
internal sealed record SimulationOutcome(
    ulong Seed, int Devices, string State, string? Reason, double Minutes, long Events, IReadOnlyList<CurvePoint> Curve, IReadOnlyList<OutcomeDecision> Decisions);
