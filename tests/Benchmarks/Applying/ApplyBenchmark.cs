using System.Globalization;
using System.Text.RegularExpressions;
using Fota.Benchmarks.Deltas;

namespace Fota.Benchmarks.Applying;

/// <summary>
/// What applying a delta pack costs: speed from a cold disk, memory above the same program with next to nothing to do, and how often the base is read.
/// </summary>
internal static partial class ApplyBenchmark
{
    private const double LeastMegabytesPerSecond = 100, MostMebibytesAbove = 8, MostBaseReads = 4;
    private const int Rounds = 3;

    /// <param name="files">Base and image; none for every large pair.</param>
    /// <param name="cancellation">Stops what runs.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> files, CancellationToken cancellation)
    {
        DeltaPair[] pairs = files.Count == 2
            ? [new DeltaPair(Path.GetFileName(files[1]), Path.GetFullPath(files[0]), Path.GetFullPath(files[1]))]
            : [.. DeltaBenchmark.KnownPairs.Where(static pair => File.Exists(pair.Image) && !pair.IsForMicrocontroller)];
        if (files.Count is not (0 or 2) || pairs.Length == 0 || !pairs.All(static pair => File.Exists(pair.Base) && File.Exists(pair.Image)))
        {
            await Console.Error.WriteLineAsync("apply: wanted BASE IMAGE, or no files and the pairs that tests/Benchmarks/pairs makes");
            return 2;
        }

        string folder = Directory.CreateTempSubdirectory("fota-bench-").FullName;
        try
        {
            MeasuredRun empty = await EmptyAsync(folder, cancellation);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"an image of one byte: {Mebibytes(empty):0.0} MiB, {empty.Time.TotalSeconds:0.00} s"));
            bool isMet = true;
            foreach (DeltaPair pair in pairs)
            {
                isMet &= await IsWithinLimitsAsync(pair, empty, Path.Combine(folder, pair.Name), cancellation);
            }

            return isMet ? 0 : 1;
        }
        catch (ToolFailedException e)
        {
            Console.WriteLine($"failed: {e.Message}");
            return 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Everything is loaded that the others load; there is just nothing to hold.
    private static async Task<MeasuredRun> EmptyAsync(string folder, CancellationToken cancellation)
    {
        string baseImage = Path.Combine(folder, "a"), image = Path.Combine(folder, "b");
        await File.WriteAllBytesAsync(baseImage, [1], cancellation);
        await File.WriteAllBytesAsync(image, [2], cancellation);
        string work = Path.Combine(folder, "empty");
        Directory.CreateDirectory(work);
        DeltaPair pair = new("empty", baseImage, image);
        List<MeasuredRun> runs = [await ApplyAsync(pair, work, 4096, cancellation)];
        for (int i = 1; i < Rounds; i++)
        {
            runs.Add(await ApplyAgainAsync(pair, work, cancellation));
        }

        return runs.MinBy(static run => run.Time)!;
    }

    private static async Task<bool> IsWithinLimitsAsync(DeltaPair pair, MeasuredRun empty, string folder, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        List<MeasuredRun> runs = [await ApplyAsync(pair, folder, 65536, cancellation)];
        for (int i = 1; i < Rounds; i++)
        {
            runs.Add(await ApplyAgainAsync(pair, folder, cancellation));
        }

        double whole = runs.Min(static run => run.Time.TotalSeconds), speed = pair.ImageSize / 1e6 / (whole - empty.Time.TotalSeconds), above = runs.Max(Mebibytes) - Mebibytes(empty);
        double reads = double.Parse(BaseReads().Match(runs[0].Output).Groups["reads"].ValueSpan, CultureInfo.InvariantCulture);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{pair.Name}: {speed:0} MB/s (at least {LeastMegabytesPerSecond:0}; best of {Rounds}, less the start of the program; {pair.ImageSize / 1e6 / whole:0} with it), {above:0.0} MiB above (at most {MostMebibytesAbove:0}), {reads:0.00} bytes of the base for each (at most {MostBaseReads:0})"));
        return speed >= LeastMegabytesPerSecond && above <= MostMebibytesAbove && reads <= MostBaseReads;
    }

    private static async Task<MeasuredRun> ApplyAsync(DeltaPair pair, string folder, int chunkSize, CancellationToken cancellation)
    {
        string size = chunkSize.ToString(CultureInfo.InvariantCulture);
        await FotaProgram.RunAsync(folder, cancellation, "pack", "table", pair.Image, "-o", "table", "--chunk-size", size);
        await FotaProgram.RunAsync(folder, cancellation, "pack", "delta", pair.Base, pair.Image, "-o", "pack", "--chunk-size", size);
        return await ApplyAgainAsync(pair, folder, cancellation);
    }

    private static async Task<MeasuredRun> ApplyAgainAsync(DeltaPair pair, string folder, CancellationToken cancellation)
    {
        await PageCache.DropAsync(folder, cancellation);
        return await FotaProgram.RunAsync(folder, cancellation, "pack", "apply", "pack", "--table", "table", "--base", pair.Base, "-o", "image");
    }

    private static double Mebibytes(MeasuredRun run) => run.PeakMemory / (1024.0 * 1024);

    [GeneratedRegex(@"bytes of the base \((?<reads>[0-9.]+) for each\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BaseReads();
}
