namespace Fota.TestKit.Fuzzing;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): a small generator whose every output follows from its seed, on any machine and runtime.</summary>
public sealed class SplitMix(ulong seed)
{
    private ulong _state = seed;

    public ulong Next() => unchecked(Mix(_state += 0x9E3779B97F4A7C15));

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>The generator of one mutation: any of them can be made again without those before it.</summary>
    public static SplitMix For(ulong seed, string target, long iteration)
    {
        ulong name = 14695981039346656037;
        foreach (char c in target)
        {
            name = unchecked((name ^ c) * 1099511628211);
        }

        return new SplitMix(unchecked(Mix(seed ^ name) + (ulong)iteration));
    }

    private static ulong Mix(ulong z)
    {
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
