using System.Diagnostics;
using System.Globalization;

namespace Fota.Load;

/// <summary>Rates of fota-server and of the baseline, by turns, each round on the same machine at the same time; the median of the ratios within a round is what counts.</summary>
internal static class Comparison
{
    private const int Rounds = 5;

    /// <param name="what">What is counted.</param>
    /// <param name="prepare">Makes what both need; it is not counted.</param>
    /// <param name="fota">Does it at fota-server for a while, and gives how often.</param>
    /// <param name="bare">Does it at the baseline.</param>
    /// <param name="least">The ratio that is wanted; null to state it alone.</param>
    public static async Task<bool> RunAsync(string what, Action prepare, Func<Task<int>> fota, Func<Task<int>> bare, double? least)
    {
        List<double> ours = [], theirs = [];
        for (int round = -1; round < Rounds; round++)
        {
            // Who begins changes, so that a machine that slows down or speeds up is no one's advantage. The first round warms up.
            bool isFirst = round % 2 == 0;
            double first = await RateAsync(prepare, isFirst ? fota : bare), second = await RateAsync(prepare, isFirst ? bare : fota);
            if (round >= 0)
            {
                ours.Add(isFirst ? first : second);
                theirs.Add(isFirst ? second : first);
            }
        }

        double[] ratios = [.. ours.Zip(theirs, static (f, b) => f / b).Order()];
        double ratio = ratios[Rounds / 2];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-28} fota-server {Median(ours),8:0}/s   bare Kestrel {Median(theirs),8:0}/s   ratio {ratio:0.000} ({ratios[0]:0.000} to {ratios[^1]:0.000}){(least is null ? "" : $", at least {least:0.00}: {(ratio >= least ? "met" : "NOT MET")}")}"));
        return least is null || ratio >= least;
    }

    private static async Task<double> RateAsync(Action prepare, Func<Task<int>> work)
    {
        prepare();
        long begun = Stopwatch.GetTimestamp();
        int count = await work();
        return count / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
