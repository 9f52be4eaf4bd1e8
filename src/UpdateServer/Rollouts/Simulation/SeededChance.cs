namespace Fota.UpdateServer.Rollouts.Simulation;

/// <summary>Chance that is the same for the same seed, on every machine: SplitMix64 (Steele, Lea and Flood, 2014). For simulations alone; it is no source of secrets.</summary>
internal sealed class SeededChance(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>0 to below 1.</summary>
    public double Share() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Whether something of this probability happens.</summary>
    public bool Happens(double probability) => Share() < probability;

    /// <summary>0 to below <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)(Share() * bound);

    /// <summary>From nothing to <paramref name="most"/>.</summary>
    public TimeSpan UpTo(TimeSpan most) => most * Share();
}
