using System.Diagnostics;

namespace Fota.Benchmarks.Installing;

/// <summary>
/// <c>rauc install</c> of a plain bundle. The work is done by RAUC's service, which is run on a message bus of its own; its processor time and memory are read from
/// /proc when the client has returned, the client's are added.
/// </summary>
internal sealed class RaucInstaller(string image, string folder) : IInstaller
{
    private Process? _bus, _service;
    private string _address = "";

    public string Name => "rauc install (plain)";

    public string Slot => Path.Combine(folder, "b.img");

    private Dictionary<string, string> Environment => new(StringComparer.Ordinal) { ["DBUS_SYSTEM_BUS_ADDRESS"] = _address };

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        string content = Path.Combine(folder, "content"), bundle = Path.Combine(folder, "update.raucb");
        Directory.CreateDirectory(content);
        Directory.CreateDirectory(Path.Combine(folder, "mount"));
        File.Delete(bundle);
        File.Copy(image, Path.Combine(content, "rootfs.img"), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(content, "manifest.raucm"), "[update]\ncompatible=bench\nversion=1\n[bundle]\nformat=plain\n[image.rootfs]\nfilename=rootfs.img\n", cancellation);
        await MeasuredRun.OfAsync(folder, "openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=bench", "-days", "30"], cancellation);
        await MeasuredRun.OfAsync(folder, "rauc", ["bundle", "--cert=cert.pem", "--key=key.pem", content, bundle], cancellation);
        foreach (string slot in (string[])["a.img", "b.img"])
        {
            await using FileStream file = new(Path.Combine(folder, slot), FileMode.OpenOrCreate);
            file.SetLength(new FileInfo(image).Length);
        }

        await File.WriteAllTextAsync(
            Path.Combine(folder, "system.conf"),
            $"[system]\ncompatible=bench\nbootloader=noop\nmountprefix={Path.Combine(folder, "mount")}\nbundle-formats=plain\n[keyring]\npath={Path.Combine(folder, "cert.pem")}\n"
            + $"[slot.rootfs.0]\ndevice={Path.Combine(folder, "a.img")}\ntype=raw\nbootname=A\n[slot.rootfs.1]\ndevice={Slot}\ntype=raw\nbootname=B\n",
            cancellation);
        _bus = Start("dbus-daemon", "--session", "--nofork", "--print-address");
        _address = await _bus.StandardOutput.ReadLineAsync(cancellation) ?? throw new ToolFailedException("dbus-daemon: wanted an address, got none");
        _service = Start("rauc", $"--conf={Path.Combine(folder, "system.conf")}", "--override-boot-slot=A", "service");
        await AnswersAsync(cancellation);
    }

    public async Task<InstallRun> InstallAsync(CancellationToken cancellation)
    {
        (TimeSpan before, _) = Service();
        MeasuredRun client = await MeasuredRun.OfAsync(folder, "rauc", ["install", "update.raucb"], cancellation, Environment);
        (TimeSpan after, long memory) = Service();
        return new InstallRun(client.Time, after - before + client.Processor, Math.Max(memory, client.PeakMemory));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process? process in (Process?[])[_service, _bus])
        {
            if (process is not null)
            {
                process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
            }
        }
    }

    private Process Start(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new ToolFailedException($"{program}: did not start");
    }

    private async Task AnswersAsync(CancellationToken cancellation)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            try
            {
                await MeasuredRun.OfAsync(folder, "rauc", ["status"], cancellation, Environment);
                return;
            }
            catch (ToolFailedException) when (attempt < 99)
            {
                await Task.Delay(100, cancellation);
            }
        }
    }

    private (TimeSpan Processor, long PeakMemory) Service()
    {
        _service!.Refresh();
        return (_service.TotalProcessorTime, _service.PeakWorkingSet64);
    }
}
