using System.Globalization;
using System.Security.Cryptography;
using Fota.Benchmarks.FullPacks;
using Fota.TestKit;

namespace Fota.Benchmarks.Installing;

/// <summary>
/// Installing an image of 256 MiB into a file slot, authenticated, flushed and (ours) read back, beside RAUC, SWUpdate, and openssl with dd, by turns in one run. One image
/// is of programs and libraries, which compress; one is random, which does not.
/// </summary>
internal static class InstallBenchmark
{
    private const int MiB = 1024 * 1024, ImageSize = 256 * MiB, Rounds = 5, WarmUp = 1;
    private const long MostMemory = 64L * MiB;

    private static readonly string[] s_kinds = ["programs", "random"];

    /// <param name="kinds">Which images; none for both.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> kinds, CancellationToken cancellation)
    {
        if (kinds.FirstOrDefault(static kind => !s_kinds.Contains(kind)) is { } unknown)
        {
            Console.Error.WriteLine($"install: wanted {string.Join(" or ", s_kinds)}, got {unknown}");
            return 2;
        }

        string folder = Directory.CreateDirectory(RepositoryRoot.Path("artifacts", "install")).FullName;
        bool met = true;
        foreach (string kind in kinds.Count > 0 ? kinds : s_kinds)
        {
            string image = Path.Combine(folder, $"{kind}.img");
            if (!File.Exists(image) || new FileInfo(image).Length != ImageSize)
            {
                await MakeAsync(kind, image, cancellation);
            }

            met &= await CompareAsync(kind, image, Path.Combine(folder, kind), cancellation);
        }

        return met ? 0 : 1;
    }

    private static Task MakeAsync(string kind, string image, CancellationToken cancellation) =>
        kind == "programs" ? RealContent.WriteAsync(image, ImageSize, cancellation) : File.WriteAllBytesAsync(image, RandomNumberGenerator.GetBytes(ImageSize), cancellation);

    private static async Task<bool> CompareAsync(string kind, string image, string folder, CancellationToken cancellation)
    {
        IInstaller[] installers = [new FotaInstaller(image, Path.Combine(folder, "fota")), new RaucInstaller(image, Path.Combine(folder, "rauc")), new OpensslAndDd(image, Path.Combine(folder, "dd")), new SwupdateInstaller(image, Path.Combine(folder, "swupdate"))];
        try
        {
            foreach (IInstaller installer in installers)
            {
                await installer.PrepareAsync(cancellation);
            }

            byte[] digest = await DigestAsync(image, cancellation);
            Dictionary<IInstaller, List<InstallRun>> runs = installers.ToDictionary(static installer => installer, static _ => new List<InstallRun>());
            for (int round = 0; round < WarmUp + Rounds; round++)
            {
                foreach (IInstaller installer in installers)
                {
                    InstallRun run = await installer.InstallAsync(cancellation);
                    if (!(await DigestAsync(installer.Slot, cancellation)).AsSpan().SequenceEqual(digest))
                    {
                        throw new ToolFailedException($"{installer.Name}: the slot does not hold the image");
                    }

                    if (round >= WarmUp)
                    {
                        runs[installer].Add(run);
                    }
                }
            }

            return Report(kind, installers, runs);
        }
        finally
        {
            foreach (IInstaller installer in installers)
            {
                await installer.DisposeAsync();
            }
        }
    }

    private static bool Report(string kind, IInstaller[] installers, Dictionary<IInstaller, List<InstallRun>> runs)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}, {ImageSize / MiB} MiB, medians of {Rounds} runs by turns"));
        foreach (IInstaller installer in installers)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {installer.Name,-24} {Time(runs[installer]),6:0.00} s  {ImageSize / MiB / Time(runs[installer]),6:0} MiB/s  processor {Processor(runs[installer]),6:0.00} s  memory {Memory(runs[installer]) / (double)MiB,6:0.0} MiB"));
        }

        List<InstallRun> ours = runs[installers[0]], rauc = runs[installers[1]];
        double speed = Time(rauc) / Time(ours), processor = Processor(ours) / Processor(rauc);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  throughput, of RAUC's: {speed:0.00} (at least 1.00); processor time, of RAUC's: {processor:0.00} (at most 1.00); memory: {Memory(ours) / (double)MiB:0.0} MiB (at most {MostMemory / MiB})"));
        return speed >= 1 && processor <= 1 && Memory(ours) <= MostMemory;
    }

    private static double Time(List<InstallRun> runs) => Median(runs.Select(static run => run.Time.TotalSeconds));

    private static double Processor(List<InstallRun> runs) => Median(runs.Select(static run => run.Processor.TotalSeconds));

    private static double Memory(List<InstallRun> runs) => runs.Max(static run => run.PeakMemory);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static async Task<byte[]> DigestAsync(string path, CancellationToken cancellation)
    {
        await using FileStream file = File.OpenRead(path);
        byte[] hash = [];
        using IncrementalHash sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[MiB];
        for (long left = ImageSize; left > 0;)
        {
            int read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellation);
            if (read == 0)
            {
                return hash;
            }

            sha.AppendData(buffer, 0, read);
            left -= read;
        }

        return sha.GetHashAndReset();
    }
}
