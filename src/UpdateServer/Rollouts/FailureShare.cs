namespace Fota.UpdateServer.Rollouts;

/// <summary>
/// How large a share of failures is beyond doubt: the lower end of Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and statistical
/// inference", 1927), one-sided, at 95 %. One failure of one device says less than ten of ten.
/// </summary>
internal static class FailureShare
{
    /// <summary>Quantile of the normal distribution for 95 %, one-sided.</summary>
    public const double Z = 1.6448536269514722;

    /// <summary>The bound for <paramref name="failed"/> of <paramref name="settled"/>, 0 to 1; 0 where nothing has come to an end.</summary>
    public static double LowerBound(int failed, int settled)
    {
        if (settled == 0 || failed == 0)
        {
            return 0;
        }

        double n = settled, share = failed / n, z2 = Z * Z;
        return (share + (z2 / (2 * n)) - (Z * Math.Sqrt(((share * (1 - share)) + (z2 / (4 * n))) / n))) / (1 + (z2 / n));
    }

    /// <summary>Whether it is beyond doubt that more than <paramref name="percent"/> per cent fail.</summary>
    public static bool IsAbove(int percent, Tally tally) => LowerBound(tally.Failed, tally.Settled) * 100 > percent;
}
