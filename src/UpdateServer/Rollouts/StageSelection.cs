namespace Fota.UpdateServer.Rollouts;

/// <summary>Says which devices a stage takes. Chance has no part in it: the order is that of HMAC(rollout key, device id).</summary>
internal static class StageSelection
{
    /// <summary>Whether the rollout means <paramref name="device"/> at all.</summary>
    public static bool IsMeant(RolloutPlan plan, FleetDevice device) =>
        !device.IsShutOut
        && device.ConfirmedDigest != plan.ManifestDigest
        && device.Floor <= plan.SecurityVersion // it would refuse (promise P4)
        && (device.Evidence == Evidence.Signed || plan.AcceptsReported)
        && plan.Filter.Matches(device);

    /// <summary>The devices that a stage takes.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="left">Those that the plan means and no stage has taken.</param>
    /// <param name="all">How many the plan means, taken or not.</param>
    public static IReadOnlyList<FleetDevice> Take(RolloutPlan plan, StagePlan stage, IReadOnlyCollection<FleetDevice> left, int all)
    {
        FleetDevice[] meant = [.. left.Where(stage.Filter.Matches)];
        int size = stage.SizeOf(meant.Length, all);
        if (size == meant.Length)
        {
            return meant;
        }

        (string Key, FleetDevice[] Devices)[] strata = [.. StrataOf(plan, stage, meant)];
        int[] shares = Shares([.. strata.Select(static s => s.Devices.Length)], size);
        return [.. strata.SelectMany((s, i) => Smallest(plan, s.Devices, shares[i]))];
    }

    /// <summary>How many strata there are; the first stage has to have one of each.</summary>
    public static int CountStrata(RolloutPlan plan, StagePlan stage, IEnumerable<FleetDevice> left) => StrataOf(plan, stage, left.Where(stage.Filter.Matches)).Count();

    /// <summary>
    /// How many each stratum gives of <paramref name="size"/>: one each as far as that goes, the larger ones first, and the rest in proportion, rounded by the largest
    /// remainder. Ties go to the earlier one. No stratum gives more than it has.
    /// </summary>
    public static int[] Shares(IReadOnlyList<int> sizes, int size)
    {
        int[] shares = new int[sizes.Count];
        foreach (int i in Enumerable.Range(0, sizes.Count).OrderByDescending(i => sizes[i]).Take(size))
        {
            shares[i] = 1;
        }

        long rest = size - shares.Sum(), room = sizes.Sum(static s => (long)s) - sizes.Count;
        if (rest == 0)
        {
            return shares;
        }

        // rest <= room, and each stratum has its own size - 1 of the room: no quota exceeds it, and a remainder is only where there is room for one more.
        long[] remainders = new long[sizes.Count];
        long given = 0;
        for (int i = 0; i < sizes.Count; i++)
        {
            (long quota, remainders[i]) = Math.DivRem(rest * (sizes[i] - 1), room);
            shares[i] += (int)quota;
            given += quota;
        }

        foreach (int i in Enumerable.Range(0, sizes.Count).OrderByDescending(i => remainders[i]).Take((int)(rest - given)))
        {
            shares[i]++;
        }

        return shares;
    }

    private static IEnumerable<(string Key, FleetDevice[] Devices)> StrataOf(RolloutPlan plan, StagePlan stage, IEnumerable<FleetDevice> devices) => devices
        .GroupBy(d => KeyOf(plan, stage, d), StringComparer.Ordinal)
        .OrderBy(static g => g.Key, StringComparer.Ordinal)
        .Select(static g => (g.Key, g.ToArray()));

    // What is not known is a stratum of its own. Texts hold no control characters, so that the separator is none of theirs.
    private static string KeyOf(RolloutPlan plan, StagePlan stage, FleetDevice device) => string.Join(
        '\n',
        plan.AcceptsReported ? device.Evidence.ToString() : "",
        stage.Strata.HasFlag(Strata.Site) ? device.Site : "",
        stage.Strata.HasFlag(Strata.Hardware) ? device.Hardware : "");

    private static IEnumerable<FleetDevice> Smallest(RolloutPlan plan, FleetDevice[] devices, int count) => devices
        .Select(d => (Device: d, Rank: plan.RankOf(d.Device)))
        .OrderBy(static r => r.Rank, RankOrder.Instance)
        .Take(count)
        .Select(static r => r.Device);

    private sealed class RankOrder : IComparer<byte[]>
    {
        public static readonly RankOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
