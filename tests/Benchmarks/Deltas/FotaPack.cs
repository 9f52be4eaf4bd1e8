namespace Fota.Benchmarks.Deltas;

/// <summary>Fota's delta pack, by the program that people run. The pack carries the difference of the chunk tables.</summary>
internal sealed class FotaPack : IDeltaTool
{
    public const string ToolName = "fota";

    private const string Pack = "pack", Table = "table";

    public string Name => ToolName;

    public async Task<MadeDelta> MakeAsync(DeltaPair pair, string folder, CancellationToken cancellation)
    {
        await FotaProgram.RunAsync(folder, cancellation, "pack", "table", pair.Image, "-o", Table);
        MeasuredRun run = await FotaProgram.RunAsync(folder, cancellation, "pack", "delta", pair.Base, pair.Image, "-o", Pack);
        return new MadeDelta(new FileInfo(Path.Combine(folder, Pack)).Length, run);
    }

    public async Task<MeasuredRun?> ApplyAsync(DeltaPair pair, string folder, string output, CancellationToken cancellation) =>
        await FotaProgram.RunAsync(folder, cancellation, "pack", "apply", Pack, "--table", Table, "--base", pair.Base, "-o", output);
}
