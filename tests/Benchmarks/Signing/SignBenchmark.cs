using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Fota.Interop.Cryptoki;
using Fota.TestKit;

namespace Fota.Benchmarks.Signing;

/// <summary>
/// Signatures per second through the session pool, with its guard, generations and recovery, beside a bare loop over the same module, token and key. P-256, since
/// its signatures are the cheapest: every microsecond of ours shows. Both are run by turns, in one process.
/// </summary>
internal static class SignBenchmark
{
    private const int SignaturesPerThread = 4000, Rounds = 9, WarmUp = 2;

    private const double LeastAllowed = 0.9;

    public static int Run()
    {
        TestToken made = SoftHsm.Shared.CreateToken("sign");
        CryptokiLibrary library = SoftHsm.Shared.Library;
        using Token token = made.Open();
        TokenKey key = token.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        BareLoop bare = new(library, token);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{library.Describe()}; P-256; {Environment.ProcessorCount} processors; medians of {Rounds} rounds by turns; ratios within a round"));
        bool isMet = true;
        foreach (int threads in new[] { 1, 2, 4 })
        {
            isMet &= Compare(threads, () => Pooled(key), () => bare.Run(SignaturesPerThread));
        }

        Console.WriteLine(isMet ? "met" : "not met");
        return isMet ? 0 : 1;
    }

    private static bool Compare(int threads, Action pooled, Action bare)
    {
        List<double> ours = [], theirs = [];
        for (int round = 0; round < WarmUp + Rounds; round++)
        {
            // Who begins changes, so that a machine that slows down or speeds up is no one's advantage.
            bool isFirst = round % 2 == 0;
            double first = Rate(threads, isFirst ? pooled : bare), second = Rate(threads, isFirst ? bare : pooled);
            if (round >= WarmUp)
            {
                ours.Add(isFirst ? first : second);
                theirs.Add(isFirst ? second : first);
            }
        }

        // Of the two of one round, which met the same machine.
        double ratio = Median([.. ours.Zip(theirs, static (pool, bare) => pool / bare)]);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{threads} thread(s): pool {Median(ours):0} signatures/s, bare loop {Median(theirs):0} signatures/s, ratio {ratio:0.000} (at least {LeastAllowed:0.0})"));
        return ratio >= LeastAllowed;
    }

    private static void Pooled(TokenKey key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < SignaturesPerThread; i++)
        {
            _ = key.SignHash(digest);
        }
    }

    private static double Rate(int count, Action work)
    {
        using Barrier start = new(count + 1);
        Thread[] threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            work();
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        long began = Stopwatch.GetTimestamp();
        start.SignalAndWait();
        Array.ForEach(threads, static thread => thread.Join());
        return count * SignaturesPerThread / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
