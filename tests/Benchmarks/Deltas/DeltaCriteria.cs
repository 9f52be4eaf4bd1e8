using System.Globalization;

namespace Fota.Benchmarks.Deltas;

/// <summary>What our deltas are held to, beside the peers' of the same run.</summary>
internal static class DeltaCriteria
{
    /// <summary>Most bytes for the microcontroller's image with 96 bytes inserted.</summary>
    private const long MicrocontrollerLimit = 1200;

    /// <summary>A line for each criterion that is not met; a figure that is missing meets none, and counts nothing in a sum that ours has to be below.</summary>
    public static IEnumerable<string> NotMet(IReadOnlyList<DeltaPair> pairs, IReadOnlyList<DeltaResult> results)
    {
        DeltaPair[] large = [.. pairs.Where(static pair => !pair.IsForMicrocontroller)];
        foreach (DeltaPair pair in large)
        {
            foreach (IDeltaTool peer in DeltaBenchmark.BeatenOnEachPair)
            {
                if (!(Bytes(pair, FotaPack.ToolName) < Bytes(pair, peer.Name)))
                {
                    yield return $"{pair.Name}: wanted fewer bytes than {peer.Name} ({Text(Bytes(pair, peer.Name))}), got {Text(Bytes(pair, FotaPack.ToolName))}";
                }
            }
        }

        // Where bsdiff came to no end its bytes are not counted: its sum is at least what is left.
        long? ours = Sum(FotaPack.ToolName), bsdiffs = large.Sum(pair => Bytes(pair, PatchTool.Bsdiff.Name) ?? 0);
        if (large.Length > 0 && !(ours <= bsdiffs))
        {
            yield return $"{string.Join(" + ", large.Select(static pair => pair.Name))}: wanted no more bytes than bsdiff ({Text(bsdiffs)}), got {Text(ours)}";
        }

        foreach (DeltaPair pair in pairs.Where(static pair => pair.IsForMicrocontroller))
        {
            if (!(Bytes(pair, FotaPack.ToolName) <= MicrocontrollerLimit))
            {
                yield return $"{pair.Name}: wanted at most {Text(MicrocontrollerLimit)} bytes, got {Text(Bytes(pair, FotaPack.ToolName))}";
            }
        }

        long? Bytes(DeltaPair pair, string tool) => results.FirstOrDefault(result => result.Pair == pair && result.Tool == tool)?.Made.Bytes;
        long? Sum(string tool) => large.Aggregate((long?)0, (sum, pair) => sum + Bytes(pair, tool));
    }

    private static string Text(long? bytes) => bytes?.ToString("#,0", CultureInfo.InvariantCulture) ?? "no figure";
}
