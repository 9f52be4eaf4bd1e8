using System.Collections.Immutable;

namespace Fota.UpdateServer.Rollouts;

/// <summary>Changes that are worked out and not yet stored.</summary>
internal sealed class PendingChange(ImmutableList<RolloutState> rollouts, FleetMemory fleet)
{
    private readonly Dictionary<string, RolloutStep> _steps = new(StringComparer.Ordinal);

    public ImmutableList<RolloutState> Rollouts { get; private set; } = rollouts;

    /// <summary>The fleet that events are applied in from here on.</summary>
    public FleetMemory Fleet { get; set; } = fleet;

    /// <summary>What changed, one for each rollout.</summary>
    public IReadOnlyCollection<RolloutStep> Steps => _steps.Values;

    /// <summary>Applies an event; gives why it is not possible now, or null.</summary>
    public string? Apply(string id, RolloutEvent happened)
    {
        RolloutState before = Rollouts.Find(r => r.Plan.Id == id)!;
        RolloutStep step = RolloutEngine.Apply(before, happened, new FleetView(before.Plan.Product, Fleet));
        if (!ReferenceEquals(step.State, before))
        {
            Rollouts = Rollouts.Replace(before, step.State);
            _steps[id] = _steps.TryGetValue(id, out RolloutStep? earlier) ? Merge(earlier, step) : step;
        }

        return step.Refused;
    }

    /// <summary>Adds a rollout.</summary>
    public void Add(RolloutStep first)
    {
        Rollouts = Rollouts.Add(first.State);
        _steps[first.State.Plan.Id] = first;
    }

    private static RolloutStep Merge(RolloutStep earlier, RolloutStep later) => later with
    {
        Changed = [.. earlier.Changed.Concat(later.Changed).GroupBy(static m => m.Device).Select(static g => g.Last())],
        Decisions = [.. earlier.Decisions, .. later.Decisions],
    };
}
