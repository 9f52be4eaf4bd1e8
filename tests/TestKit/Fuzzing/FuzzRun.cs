using System.Diagnostics;

namespace Fota.TestKit.Fuzzing;

/// <summary>What a run over one target came to.</summary>
public sealed record FuzzResult(
    string Target, ulong Seed, long First, long Iterations, long Accepted, long Refused, long MostAllocated, TimeSpan Slowest, IReadOnlyList<FuzzFinding> Findings)
{
    public override string ToString() =>
        $"{Target}: seed {Seed}, mutations {First} to {First + Iterations - 1}, {Accepted} accepted, {Refused} refused, {Findings.Count} findings, most allocated {MostAllocated / 1024} KiB, slowest {Slowest.TotalMilliseconds:F1} ms";
}

/// <summary>An input that broke a promise of the decoder, the first of its cause.</summary>
/// <param name="Target">The decoder.</param>
/// <param name="Iteration">Number of the mutation.</param>
/// <param name="Input">The bytes.</param>
/// <param name="Cause">What was thrown, and where: findings of one cause are one.</param>
/// <param name="Why">The whole message.</param>
public sealed record FuzzFinding(string Target, long Iteration, byte[] Input, string Cause, string Why);

/// <summary>What is wrong with how a decoder took an input.</summary>
public sealed record FuzzFault(string Cause, string Why);

/// <summary>Gives mutations to a decoder. Each follows from seed, target and number alone, so that a finding can be made again by itself.</summary>
public static class FuzzRun
{
    /// <summary>No input may keep a decoder busy for longer; what takes a millisecond on a slow machine is far from it.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    public static FuzzResult Run(FuzzTarget target, ulong seed, long first, long iterations, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(time);
        Mutator mutator = new(target.Seeds, target.Words);
        Dictionary<string, FuzzFinding> findings = new(StringComparer.Ordinal);
        long accepted = 0, faults = 0, most = 0;
        TimeSpan slowest = TimeSpan.Zero;
        for (long i = first; i < first + iterations; i++)
        {
            byte[] input = mutator.Mutate(SplitMix.For(seed, target.Name, i));
            Outcome outcome = Examine(target, input, time);
            accepted += outcome.IsAccepted ? 1 : 0;
            most = Math.Max(most, outcome.Allocated);
            slowest = outcome.Took > slowest ? outcome.Took : slowest;
            if (outcome.Fault is { } fault)
            {
                faults++;
                _ = findings.TryAdd(fault.Cause, new FuzzFinding(target.Name, i, input, fault.Cause, fault.Why));
            }
        }

        return new FuzzResult(target.Name, seed, first, iterations, accepted, iterations - accepted - faults, most, slowest, [.. findings.Values]);
    }

    /// <summary>What is wrong with how <paramref name="target"/> takes one input; null when nothing is.</summary>
    public static FuzzFault? Replay(FuzzTarget target, byte[] input, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(time);
        return Examine(target, input, time).Fault;
    }

    private static Outcome Examine(FuzzTarget target, byte[] input, TimeProvider time)
    {
        bool accepted = false;
        FuzzFault? fault = null;
        long before = GC.GetAllocatedBytesForCurrentThread(), begun = time.GetTimestamp();
        try
        {
            accepted = target.Examine(input);
        }
        catch (Exception e)
        {
            fault = new($"{e.GetType().Name} in {Place(e)}", $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")} in {Place(e)}");
        }

        TimeSpan took = time.GetElapsedTime(begun);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        fault ??= allocated > target.MostAllocated ? new("memory", $"wanted at most {target.MostAllocated} bytes allocated, got {allocated}") : null;
        fault ??= took > Longest ? new("time", $"wanted at most {Longest}, took {took}") : null;
        return new(accepted && fault is null, fault, allocated, took);
    }

    // The innermost of our own methods.
    private static string Place(Exception e) => new StackTrace(e).GetFrames()
        .Select(static frame => frame.GetMethod())
        .Where(static method => method?.DeclaringType?.FullName?.StartsWith("Fota.", StringComparison.Ordinal) == true)
        .Select(static method => $"{method!.DeclaringType!.Name}.{method.Name}")
        .FirstOrDefault("no method of ours");

    private sealed record Outcome(bool IsAccepted, FuzzFault? Fault, long Allocated, TimeSpan Took);
}
