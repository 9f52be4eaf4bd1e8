using System.Globalization;

namespace Fota.Benchmarks.Deltas;

/// <summary>A tool's figures for a pair.</summary>
/// <param name="Pair">The pair.</param>
/// <param name="Tool">The tool's name.</param>
/// <param name="Made">What a device fetches.</param>
/// <param name="Applied">The rebuilding, which gave the image byte for byte; null if the bytes are computed only.</param>
internal sealed record DeltaResult(DeltaPair Pair, string Tool, MadeDelta Made, MeasuredRun? Applied)
{
    public static string Head => $"{"",-22} {"bytes",12} {"make",9} {"memory",11} {"apply",9} {"memory",11}";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Tool,-22} {Made.Bytes,12:#,0} {Cost(Made.Run)} {(Applied is null ? $"{"computed, not applied",21}" : Cost(Applied))}");

    /// <summary>Makes, applies and compares.</summary>
    /// <exception cref="ToolFailedException">A command failed, or the image that came out is another one.</exception>
    public static async Task<DeltaResult> MeasureAsync(DeltaPair pair, IDeltaTool tool, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("fota-bench-").FullName, output = Path.Combine(folder, "rebuilt");
        try
        {
            MadeDelta made = await tool.MakeAsync(pair, folder, cancellation);
            MeasuredRun? applied = await tool.ApplyAsync(pair, folder, output, cancellation);
            return applied is null || await FileComparison.AreEqualAsync(output, pair.Image, cancellation)
                ? new DeltaResult(pair, tool.Name, made, applied)
                : throw new ToolFailedException($"what was applied is not {pair.Image}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Cost(MeasuredRun run) => string.Create(CultureInfo.InvariantCulture, $"{run.Time.TotalSeconds,7:0.0} s {run.PeakMemory / (1024.0 * 1024),7:0.0} MiB");
}
