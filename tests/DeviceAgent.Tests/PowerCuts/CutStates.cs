using Fota.TestKit.Media;

namespace Fota.DeviceAgent.Tests.PowerCuts;

/// <summary>The states that power cuts leave, each of them once.</summary>
internal sealed class CutStates(CutBreadth breadth)
{
    private readonly HashSet<string> _seen = [];

    /// <summary>Cuts so far, whatever they left.</summary>
    public int Cuts { get; private set; }

    /// <summary>The states that are new among those that a cut after <paramref name="step"/> can leave.</summary>
    /// <param name="medium">The medium, as it is after the step.</param>
    /// <param name="step">What was done last.</param>
    /// <param name="beside">What differs beside the medium, such as what the server knows.</param>
    public IEnumerable<(string Where, SimulatedMedium Medium)> Of(SimulatedMedium medium, MediumStep step, string beside)
    {
        ArgumentNullException.ThrowIfNull(medium);
        foreach (MediumCut cut in MediumCut.Of(medium, breadth.Seed, breadth.Combinations, breadth.Stride))
        {
            Cuts++;
            SimulatedMedium left = medium.AfterCut(cut);
            if (_seen.Add($"{left.Digest()} {beside}"))
            {
                yield return ($"cut after {step}, {cut.Flavour}", left);
            }
        }
    }
}

/// <summary>How much is tried.</summary>
/// <param name="Seed">Of all that is drawn.</param>
/// <param name="Combinations">Seeded combinations of pending changes at each operation.</param>
/// <param name="SecondCuts">Second cuts, at most, in each run after a first one.</param>
/// <param name="SecondCutOneIn">At one in how many operations a second cut is tried.</param>
internal sealed record CutBreadth(ulong Seed, int Combinations, int SecondCuts = 0, int SecondCutOneIn = 1)
{
    /// <summary>Of many pending changes, every how manieth begins or ends what is kept: 1 for each.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>The promise that has to be broken before the run ends early; null for any.</summary>
    public string? Sought { get; init; }
}
