using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Holds every step against the promises, with counts of its own.</summary>
internal sealed class PromiseKeeper(RolloutPlan plan)
{
    private readonly Queue<DateTimeOffset> _minute = new();
    private RolloutState _before = RolloutState.Draft(plan);
    private DateTimeOffset _stageSince;
    private DateTimeOffset? _sampleSince;

    public int Grants { get; private set; }

    public int MostInFlight { get; private set; }

    public void Watch(RolloutEvent happened, RolloutStep step)
    {
        RolloutState now = step.State;
        if (happened is RolloutEvent.Asked && step.Changed.Any(static m => m.Status == MemberStatus.Granted))
        {
            Granted(happened, now);
        }

        foreach (RolloutDecision decision in step.Decisions)
        {
            Decided(happened, decision, _before);
        }

        // Also in the step that completes it.
        if (happened is RolloutEvent.Evaluated && now.Status is RolloutStatus.Running or RolloutStatus.Paused or RolloutStatus.Completed)
        {
            StageTally all = now.All;
            Assert.That(FailureShare.IsAbove(plan.AbortAbovePercent!.Value, all.Signed) || FailureShare.IsAbove(plan.AbortAbovePercent!.Value, all.Unsigned), Is.False, "abort wins");
            Assert.That(all.Both.Failed, Is.LessThan(plan.AbortAfterFailures), "abort wins");
            for (int i = 0; i <= now.Stage; i++)
            {
                Assert.That(plan.Stages[i].AbortAbovePercent is { } percent && (FailureShare.IsAbove(percent, now.Tallies[i].Signed) || FailureShare.IsAbove(percent, now.Tallies[i].Unsigned)), Is.False, "abort wins, by a stage's threshold too");
            }
        }

        // Noted after the step: what becomes good now has soaked for no time.
        if (now.Stage >= 0 && now.IsActive)
        {
            bool sample = EnoughOf(now.Tallies[now.Stage], now.Stage);
            _sampleSince = sample ? _sampleSince ?? happened.Now : null;
        }

        _before = now;
    }

    public static void Recount(RolloutState state)
    {
        for (int i = 0; i < state.Tallies.Length; i++)
        {
            foreach (Evidence evidence in (Evidence[])[Evidence.Signed, Evidence.Unsigned])
            {
                Member[] members = [.. state.Members.Values.Where(m => m.Stage == i && m.Evidence == evidence)];
                Tally counted = members.Aggregate(default(Tally), static (t, m) => t.With(m, 1)), kept = evidence == Evidence.Signed ? state.Tallies[i].Signed : state.Tallies[i].Unsigned;
                Assert.That((kept, kept.Members, kept.Left), Is.EqualTo((counted, members.Count(static m => m.Status != MemberStatus.Left), members.Count(static m => m.Status == MemberStatus.Left))));
            }
        }
    }

    private void Granted(RolloutEvent happened, RolloutState now)
    {
        Assert.That(_before.Status, Is.EqualTo(RolloutStatus.Running), "nothing is granted before and after");
        Grants++;
        StagePlan stage = plan.Stages[now.Stage];
        int inFlight = now.All.Both.InFlight;
        MostInFlight = Math.Max(MostInFlight, inFlight);
        Assert.That(inFlight, Is.LessThanOrEqualTo(stage.Cap!.Value), "the cap holds");
        _minute.Enqueue(happened.Now);
        while (happened.Now - _minute.Peek() >= TimeSpan.FromMinutes(1))
        {
            _minute.Dequeue();
        }

        Assert.That(_minute, Has.Count.LessThanOrEqualTo(stage.Rate!.At(happened.Now - _stageSince)), "the rate holds in the minute that ends now");
    }

    private void Decided(RolloutEvent happened, RolloutDecision decision, RolloutState before)
    {
        if (decision.Kind is DecisionKind.StageBegun or DecisionKind.Completed)
        {
            if (before.Stage >= 0)
            {
                Recount(before);
                StageTally figures = decision.Figures.Stage; // silence may have ended the last ones just now
                _sampleSince ??= EnoughOf(figures, before.Stage) ? happened.Now : null;
                Assert.That(_sampleSince, Is.Not.Null, "no advance without the minimum sample");
                Assert.That(
                    ((Tally[])[figures.Signed, figures.Unsigned]).Where(static t => t.Members > 0).Select(static t => 100.0 * t.Succeeded / t.Settled),
                    Is.All.GreaterThanOrEqualTo((double)(plan.Stages[before.Stage].SuccessPercent ?? 0)),
                    "no advance without its share of success");
                Assert.That(happened.Now - _sampleSince!.Value, Is.GreaterThanOrEqualTo(plan.Stages[before.Stage].Soak), "no advance without soaking");
            }

            _stageSince = happened.Now;
            _sampleSince = null;
        }
    }

    private bool EnoughOf(StageTally tally, int stage)
    {
        int? least = plan.Stages[stage].MinimumSample;
        (int settled, int members, int taken) = (Settled(tally.Signed) + Settled(tally.Unsigned), tally.Signed.Members + tally.Unsigned.Members, Taken(tally.Signed) + Taken(tally.Unsigned));
        return settled >= Math.Min(least ?? Math.Max(1, members), taken) && (Taken(tally.Signed) == 0 || Half(tally.Signed)) && (tally.Unsigned.Members == 0 || Half(tally.Unsigned));

        bool Half(Tally half) => Settled(half) >= (least <= Taken(half) ? least : Math.Max(1, half.Members));

        static int Taken(Tally half) => half.Members + half.Left;

        static int Settled(Tally half) => half.Confirmed + half.Reported + half.Failed;
    }
}
