using System.Globalization;
using System.Text.RegularExpressions;

namespace Fota.Benchmarks.Deltas;

/// <summary>A tool with one command that writes a file "patch" and one that reads it.</summary>
internal sealed class PatchTool(string name, Func<DeltaPair, string[]> make, Func<DeltaPair, string, string[]> apply) : IDeltaTool
{
    private const string Patch = "patch";

    public string Name => name;

    /// <summary>One zstd stream of the image, for reference: what is fetched without a delta.</summary>
    public static PatchTool ZstdWhole { get; } = new(
        "zstd -19, no base",
        static pair => ["zstd", "-q", "-19", pair.Image, "-o", Patch],
        static (_, output) => ["zstd", "-q", "-d", Patch, "-o", output]);

    /// <summary>zstd takes the window that the larger file needs by itself, and when it decompresses allows the memory for it.</summary>
    public static PatchTool ZstdPatchFrom { get; } = new(
        "zstd -19 --patch-from",
        static pair => ["zstd", "-q", "-19", $"--patch-from={pair.Base}", pair.Image, "-o", Patch],
        static (pair, output) => ["zstd", "-q", "-d", $"--patch-from={pair.Base}", Patch, "-o", output]);

    /// <summary>The window over the base holds all of it: with the 64 MiB that are usual, xdelta3 does not find what lies further away.</summary>
    public static PatchTool Xdelta { get; } = new(
        "xdelta3 -9",
        static pair => ["xdelta3", "-q", "-e", "-9", "-B", SourceWindow(pair), "-s", pair.Base, pair.Image, Patch],
        static (pair, output) => ["xdelta3", "-q", "-d", "-B", SourceWindow(pair), "-s", pair.Base, Patch, output]);

    public static PatchTool Bsdiff { get; } = new(
        "bsdiff",
        static pair => ["prlimit", $"--cpu={MeasuredRun.ProcessorLimitSeconds}:{MeasuredRun.ProcessorLimitSeconds + 5}", "bsdiff", pair.Base, pair.Image, Patch],
        static (pair, output) => ["bspatch", pair.Base, output, Patch]);

    public async Task<MadeDelta> MakeAsync(DeltaPair pair, string folder, CancellationToken cancellation)
    {
        MeasuredRun run = await RunAsync(folder, make(pair), cancellation);
        return new MadeDelta(new FileInfo(Path.Combine(folder, Patch)).Length, run);
    }

    public async Task<MeasuredRun?> ApplyAsync(DeltaPair pair, string folder, string output, CancellationToken cancellation) =>
        await RunAsync(folder, apply(pair, output), cancellation);

    private static Task<MeasuredRun> RunAsync(string folder, string[] command, CancellationToken cancellation) =>
        MeasuredRun.OfAsync(folder, command[0], command[1..], cancellation);

    // A power of two, from the least that xdelta3 takes.
    private static string SourceWindow(DeltaPair pair) =>
        Math.Max(1 << 20, System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)new FileInfo(pair.Base).Length)).ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Content-defined chunks of 8 KiB on average: fetched are the index and the chunks that the base does not have, as they lie in the store.
/// What the base has is taken from the base itself, as on a device; its chunks are taken out of the store before that.
/// </summary>
internal sealed class Casync : IDeltaTool
{
    private const string BaseStore = "base.castr", Store = "image.castr", Index = "image.caibx";

    public string Name => "casync, 8 KiB";

    public async Task<MadeDelta> MakeAsync(DeltaPair pair, string folder, CancellationToken cancellation)
    {
        await ChunkAsync(folder, BaseStore, "base.caibx", pair.Base, cancellation);
        MeasuredRun run = await ChunkAsync(folder, Store, Index, pair.Image, cancellation);
        string store = Path.Combine(folder, Store);
        long bytes = new FileInfo(Path.Combine(folder, Index)).Length;
        foreach (string chunk in Directory.EnumerateFiles(store, "*.cacnk", SearchOption.AllDirectories))
        {
            if (File.Exists(Path.Combine(folder, BaseStore, Path.GetRelativePath(store, chunk))))
            {
                File.Delete(chunk);
            }
            else
            {
                bytes += new FileInfo(chunk).Length;
            }
        }

        return new MadeDelta(bytes, run);
    }

    public async Task<MeasuredRun?> ApplyAsync(DeltaPair pair, string folder, string output, CancellationToken cancellation) =>
        await MeasuredRun.OfAsync(folder, "casync", ["extract", "--store=" + Store, "--seed=" + pair.Base, Index, output], cancellation);

    private static Task<MeasuredRun> ChunkAsync(string folder, string store, string index, string file, CancellationToken cancellation) =>
        MeasuredRun.OfAsync(folder, "casync", ["make", "--chunk-size=8192", "--store=" + store, index, file], cancellation);
}

/// <summary>
/// Content-defined chunks in one file. Its client fetches ranges by HTTP; how many bytes these are, the header included, its own tool computes.
/// </summary>
internal sealed partial class Zchunk : IDeltaTool
{
    public string Name => "zchunk";

    public async Task<MadeDelta> MakeAsync(DeltaPair pair, string folder, CancellationToken cancellation)
    {
        await MeasuredRun.OfAsync(folder, "zck", ["-o", "base.zck", pair.Base], cancellation);
        MeasuredRun run = await MeasuredRun.OfAsync(folder, "zck", ["-o", "image.zck", pair.Image], cancellation);
        string said = (await MeasuredRun.OfAsync(folder, "zck_delta_size", ["base.zck", "image.zck"], cancellation)).Output;
        Match match = WouldDownload().Match(said);
        return match.Success
            ? new MadeDelta(long.Parse(match.Groups["bytes"].ValueSpan, CultureInfo.InvariantCulture), run)
            : throw new ToolFailedException($"zck_delta_size: wanted \"Would download N of N bytes\", got \"{said.Trim()}\"");
    }

    public Task<MeasuredRun?> ApplyAsync(DeltaPair pair, string folder, string output, CancellationToken cancellation) => Task.FromResult<MeasuredRun?>(null);

    [GeneratedRegex("^Would download (?<bytes>[0-9]+) of [0-9]+ bytes$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WouldDownload();
}
