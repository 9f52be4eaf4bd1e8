namespace Fota.UpdateServer.Rollouts;

/// <summary>How many devices may be asked within any one minute, and how that grows while all goes well.</summary>
/// <param name="PerMinute">At the beginning of the stage and after every pause; 1 to <see cref="Max"/>.</param>
internal sealed record GrantRate(int PerMinute)
{
    public const int Max = 100_000;

    public const int MinFactorPercent = 110;

    public const int MaxFactorPercent = 1000;

    /// <summary>The minute that grants are counted in: any one, not those of the clock, so that two bursts never meet at its turn.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>What the rate becomes after each <see cref="Every"/>, in per cent of what it was, rounded up; null for no growth.</summary>
    public int? FactorPercent { get; init; }

    /// <summary>How often it grows.</summary>
    public TimeSpan Every { get; init; }

    /// <summary>What it never exceeds.</summary>
    public int UpTo { get; init; } = Max;

    /// <summary>The rate <paramref name="since"/> the stage began or went on after a pause.</summary>
    public int At(TimeSpan since)
    {
        long rate = PerMinute;
        if (FactorPercent is { } factor)
        {
            // Bounded: at 110 % and more, 100 000 is reached in 121 steps.
            for (long step = since / Every >= int.MaxValue ? int.MaxValue : (long)(since / Every); step > 0 && rate < UpTo; step--)
            {
                rate = ((rate * factor) + 99) / 100;
            }
        }

        return (int)Math.Min(rate, UpTo);
    }
}
