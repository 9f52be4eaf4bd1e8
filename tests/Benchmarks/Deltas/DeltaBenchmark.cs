using System.Globalization;
using Fota.TestKit;

namespace Fota.Benchmarks.Deltas;

/// <summary>
/// Bytes, time and memory of a delta update, ours beside the peers', for each pair that tests/Benchmarks/pairs makes, or for one that is named.
/// </summary>
internal static class DeltaBenchmark
{
    private static readonly string[] s_pairs = ["vmlinuz", "kernel.tar", "rootfs.squashfs", "rootfs.ext4", "mcu.bin"];

    /// <summary>The peers whose bytes ours are below on each large pair.</summary>
    public static IReadOnlyList<IDeltaTool> BeatenOnEachPair { get; } = [PatchTool.ZstdPatchFrom, PatchTool.Xdelta, new Casync(), new Zchunk()];

    /// <summary>The pairs that tests/Benchmarks/pairs makes, whether or not they are there.</summary>
    public static IEnumerable<DeltaPair> KnownPairs => s_pairs.Select(OfName);

    private static IDeltaTool[] Tools { get; } = [new FotaPack(), .. BeatenOnEachPair, PatchTool.Bsdiff, PatchTool.ZstdWhole];

    /// <param name="options">[BASE IMAGE] [--check] [--tool NAME].</param>
    /// <param name="cancellation">Stops what runs.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> options, CancellationToken cancellation)
    {
        bool check = false;
        string? only = null;
        List<string> files = [];
        for (int i = 0; i < options.Count; i++)
        {
            switch (options[i])
            {
                case "--check":
                    check = true;
                    break;
                case "--tool" when i + 1 < options.Count:
                    only = options[++i];
                    break;
                default:
                    files.Add(Path.GetFullPath(options[i]));
                    break;
            }
        }

        IDeltaTool[] tools = [.. Tools.Where(tool => only is null || tool.Name.StartsWith(only, StringComparison.Ordinal))];
        if (files.Count is not (0 or 2) || tools.Length == 0)
        {
            await Console.Error.WriteLineAsync($"delta: wanted [BASE IMAGE] [--check] [--tool NAME], NAME the beginning of one of: {string.Join("; ", Tools.Select(static tool => tool.Name))}");
            return 2;
        }

        DeltaPair[] pairs = files.Count == 2 ? [new DeltaPair(Path.GetFileName(files[1]), files[0], files[1])] : [.. KnownPairs];
        if (pairs.FirstOrDefault(static pair => !File.Exists(pair.Base) || !File.Exists(pair.Image)) is DeltaPair missing)
        {
            await Console.Error.WriteLineAsync($"delta: wanted the files {missing.Base} and {missing.Image}; tests/Benchmarks/pairs makes pairs");
            return 2;
        }

        List<DeltaResult> results = [];
        bool failed = false;
        foreach (DeltaPair pair in pairs)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{pair.Name}: {pair.ImageSize:#,0} bytes"));
            Console.WriteLine(DeltaResult.Head);
            foreach (IDeltaTool tool in tools)
            {
                try
                {
                    results.Add(await DeltaResult.MeasureAsync(pair, tool, cancellation));
                    Console.WriteLine(results[^1]);
                }
                catch (ToolGaveUpException e) when (tool == PatchTool.Bsdiff)
                {
                    Console.WriteLine($"{tool.Name,-22} {e.Message}");
                }
                catch (ToolFailedException e)
                {
                    failed = true;
                    Console.WriteLine($"{tool.Name,-22} failed: {e.Message}");
                }
            }

            Console.WriteLine();
        }

        string[] notMet = check ? [.. DeltaCriteria.NotMet(pairs, results)] : [];
        Array.ForEach(notMet, static line => Console.WriteLine($"not met: {line}"));
        return failed || notMet.Length > 0 ? 1 : 0;
    }

    private static DeltaPair OfName(string name)
    {
        string extension = Path.GetExtension(name), stem = Path.GetFileNameWithoutExtension(name);
        return new DeltaPair(name, RepositoryRoot.Path("artifacts", "pairs", $"{stem}-a{extension}"), RepositoryRoot.Path("artifacts", "pairs", $"{stem}-b{extension}"));
    }
}
