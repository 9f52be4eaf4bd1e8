using System.Globalization;

namespace Fota.Benchmarks.FullPacks;

/// <summary>A full pack's bytes, frame by frame with an index, beside one stream of zstd's level 19 over the whole image.</summary>
internal static class FullPackSize
{
    private const double MostAllowed = 1.10;

    public static async Task<bool> IsWithinLimitAsync(string image, string folder, CancellationToken cancellation)
    {
        string stream = Path.Combine(folder, "image.zst"), pack = Path.Combine(folder, "image.pack");
        MeasuredRun peer = await MeasuredRun.OfAsync(folder, "zstd", ["-q", "-19", image, "-o", stream], cancellation);
        Say("zstd -19, one stream", stream, peer);
        MeasuredRun ours = await FotaProgram.RunAsync(folder, cancellation, "pack", "create", image, "-o", pack);
        Say("fota pack create", pack, ours);
        double ratio = new FileInfo(pack).Length / (double)new FileInfo(stream).Length;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio of bytes: {ratio:0.000} (at most {MostAllowed:0.00})"));
        return ratio <= MostAllowed;
    }

    private static void Say(string what, string file, MeasuredRun run) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: {new FileInfo(file).Length:#,0} bytes, {run.Time.TotalSeconds:0.0} s, {run.PeakMemory / (1024.0 * 1024):0.0} MiB"));
}
