namespace Fota.Benchmarks.Installing;

/// <summary>The script that people go back to: <c>openssl dgst -verify</c>, then <c>dd conv=fsync</c>.</summary>
internal sealed class OpensslAndDd(string image, string folder) : IInstaller
{
    public string Name => "openssl, dd";

    public string Slot => Path.Combine(folder, "slot.img");

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        await MeasuredRun.OfAsync(folder, "openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem"], cancellation);
        await MeasuredRun.OfAsync(folder, "openssl", ["ec", "-in", "key.pem", "-pubout", "-out", "public.pem"], cancellation);
        await MeasuredRun.OfAsync(folder, "openssl", ["dgst", "-sha256", "-sign", "key.pem", "-out", "image.sig", image], cancellation);
    }

    public async Task<InstallRun> InstallAsync(CancellationToken cancellation)
    {
        MeasuredRun verify = await MeasuredRun.OfAsync(folder, "openssl", ["dgst", "-sha256", "-verify", "public.pem", "-signature", "image.sig", image], cancellation);
        MeasuredRun copy = await MeasuredRun.OfAsync(folder, "dd", [$"if={image}", $"of={Slot}", "bs=1M", "conv=fsync,notrunc", "status=none"], cancellation);
        return new InstallRun(verify.Time + copy.Time, verify.Processor + copy.Processor, Math.Max(verify.PeakMemory, copy.PeakMemory));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
