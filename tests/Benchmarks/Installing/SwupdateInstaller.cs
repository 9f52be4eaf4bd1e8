namespace Fota.Benchmarks.Installing;

/// <summary><c>swupdate -i</c> of a signed package with one image for the raw handler of files.</summary>
internal sealed class SwupdateInstaller(string image, string folder) : IInstaller
{
    public string Name => "swupdate";

    public string Slot => Path.Combine(folder, "slot.img");

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        File.Copy(image, Path.Combine(folder, "rootfs.img"), overwrite: true);
        string digest = (await MeasuredRun.OfAsync(folder, "sha256sum", ["rootfs.img"], cancellation)).Output.Split(' ')[0];
        await File.WriteAllTextAsync(
            Path.Combine(folder, "sw-description"),
            $"software = {{ version = \"1\"; hardware-compatibility: [ \"1\" ]; files: ( {{ filename = \"rootfs.img\"; path = \"{Slot}\"; sha256 = \"{digest}\"; }} ); }}\n",
            cancellation);
        await MeasuredRun.OfAsync(folder, "openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=bench", "-days", "30", "-addext", "extendedKeyUsage=emailProtection"], cancellation);
        await MeasuredRun.OfAsync(folder, "openssl", ["cms", "-sign", "-in", "sw-description", "-out", "sw-description.sig", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER", "-nosmimecap", "-binary"], cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "hwrevision"), "bench 1\n", cancellation);
        await MeasuredRun.OfAsync(folder, "bash", ["-c", "printf '%s\\n' sw-description sw-description.sig rootfs.img | cpio -o -H crc -O update.swu"], cancellation);
    }

    public async Task<InstallRun> InstallAsync(CancellationToken cancellation)
    {
        MeasuredRun run = await MeasuredRun.OfAsync(folder, "swupdate", ["-k", "cert.pem", "-H", "bench:1", "-i", "update.swu"], cancellation);
        MeasuredRun flush = await MeasuredRun.OfAsync(folder, "sync", [Slot], cancellation);
        return new InstallRun(run.Time + flush.Time, run.Processor + flush.Processor, run.PeakMemory);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
