using Fota.TestKit.Fuzzing;

namespace Fota.TestKit.Media;

/// <summary>A power cut: which of the changes that are not durable are there afterwards.</summary>
/// <param name="Flavour">What it is called in reports.</param>
/// <param name="Kept">Whether each pending change is kept, in the order of the changes.</param>
/// <param name="Torn">The change, a sector, of which the first half is kept; -1 for none.</param>
public sealed record MediumCut(string Flavour, IReadOnlyList<bool> Kept, int Torn = -1)
{
    // Up to this many pending changes every combination is tried; of more, the families below.
    private const int Combinable = 7;

    /// <summary>Keeps nothing that was not flushed.</summary>
    public static MediumCut KeepsNothing { get; } = new("nothing kept", []);

    /// <summary>Keeps everything: power goes, and the medium's cache gets through.</summary>
    public static MediumCut KeepsAll(SimulatedMedium medium)
    {
        ArgumentNullException.ThrowIfNull(medium);
        return new MediumCut("all kept", [.. medium.Pending.Select(static _ => true)]);
    }

    public bool Keeps(int change) => change < Kept.Count && Kept[change];

    /// <summary>
    /// The cuts at this moment: with few pending changes every combination; else nothing, all, every beginning (torn at each sector, and within it), every
    /// end (reordered), each one alone, each one missing, names without data, data without names or lengths, and seeded combinations.
    /// </summary>
    /// <param name="medium">The medium that loses power.</param>
    /// <param name="seed">Of the seeded combinations.</param>
    /// <param name="combinations">How many of them.</param>
    /// <param name="stride">1 for each change of many, else for every how manieth.</param>
    public static IEnumerable<MediumCut> Of(SimulatedMedium medium, ulong seed, int combinations, int stride)
    {
        ArgumentNullException.ThrowIfNull(medium);
        IReadOnlyList<PendingChange> pending = medium.Pending;
        int count = pending.Count;
        int step = count <= Combinable ? 1 : stride;
        foreach (int torn in Enumerable.Range(0, count).Where(i => pending[i] is SectorChange && i % step == 0))
        {
            yield return new MediumCut($"torn within change {torn} of {count}", Flags(i => i < torn), torn);
        }

        if (count <= Combinable)
        {
            for (int mask = 0; mask < 1 << count; mask++)
            {
                int kept = mask;
                yield return new MediumCut($"kept {kept:b} of {count}", Flags(i => (kept >> i & 1) == 1));
            }

            yield break;
        }

        yield return new MediumCut("nothing kept", Flags(static _ => false));
        yield return new MediumCut("all kept", Flags(static _ => true));
        yield return new MediumCut("names only", Flags(i => pending[i] is NamesChange));
        yield return new MediumCut("names and lengths only", Flags(i => pending[i] is NamesChange or LengthChange));
        yield return new MediumCut("data only", Flags(i => pending[i] is SectorChange));
        for (int change = 0; change < count; change += step)
        {
            int at = change;
            yield return new MediumCut($"the first {at} of {count}", Flags(i => i < at));
            yield return new MediumCut($"all behind the first {at} of {count}", Flags(i => i >= at));
            yield return new MediumCut($"change {at} of {count} alone", Flags(i => i == at));
            yield return new MediumCut($"all but change {at} of {count}", Flags(i => i != at));
        }

        SplitMix chance = SplitMix.For(seed, "cut", medium.Operations);
        for (int n = 0; n < combinations; n++)
        {
            yield return new MediumCut($"seed {seed}, combination {n} of {count}", Flags(_ => chance.Below(2) == 1));
        }

        bool[] Flags(Func<int, bool> keeps) => [.. Enumerable.Range(0, count).Select(keeps)];
    }
}
